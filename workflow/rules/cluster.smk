# What a cluster's job is made of; on one machine none of this has any effect. Options of a cluster: profiles/slurm, docs/scale.md.
#
# A result takes a fraction of a second, a job of a scheduler many seconds to start. So what is light (a `run:` rule) goes
# together: all steps, results and figures of a study on a cohort are one group, and so is what is made from all cohorts. The
# two scripts (witnesses of a model, what a paper says alone) are jobs of their own.


# How many jobs of a group work at the same time. Light jobs wait for one another anyway (replicalc.job), so one, for the profiles
# of clusters say that each needs one `process`; otherwise a group of fifty results would ask for fifty processors. It stands
# here and not in the profile, for the Snakemake inside the job reads no profile and asks for the processors once more.
resource_scopes:
    process="local",


workflow.register_resource("process", 1)


def group_of(rule):
    """The group of a light rule; asked for each job, and nothing where the jobs do not leave this machine."""
    name = "cohort" if "cohort" in rule.wildcard_names else "overview"
    return lambda wildcards: name if workflow.non_local_exec else None


for each in workflow.rules:
    if each.is_run:
        each.group = group_of(each)


# Inside the job a group's light jobs are threads of the Snakemake there, as they are on one machine with profiles/default;
# so Snakemake 9.27 has it for single jobs, but the jobs of a group it gives no --force-use-threads and reads no profile,
# and each would start a Python of its own: two seconds instead of a tenth. A version that knows the attribute by
# another name is slower and no less right.
if workflow.remote_exec:
    from snakemake.executors.local import Executor

    Executor.use_threads = property(lambda self: True, lambda self, value: None)
