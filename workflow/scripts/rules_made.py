"""Print, as JSON, how every result is made: its rule's parameters and the results that it is made from.

Run by ``replicalc new-cohort`` in the folder of the project: only Snakemake knows the parameters of the rules, and the
package does not know Snakemake.
"""

import json
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

logging.disable(logging.CRITICAL)
with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        # Whatever cohorts the configuration names: a file with open points must not stop the question what it lacks.
        config_settings=ConfigSettings(config={"cohorts": "synthetic"}),
        snakefile=Path("Snakefile").resolve(),
    )._workflow
    made = {
        each.name: {
            "params": {name: value for name, value in each.params.items() if not callable(value)},
            "sources": [Path(str(file)).stem for file in each.input if not callable(file)],
        }
        for each in workflow.rules
    }
print(json.dumps(made, default=str))
