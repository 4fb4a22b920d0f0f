"""A Slurm of one node on this machine, for as long as a test lasts.

Four programs: munged (proves who somebody is), slurmctld (the scheduler), slurmd (the node), and slurmstepd, which slurmd starts
for every job. Each is started in the foreground and ended by its process id; keys, sockets, states and logs lie in a folder
of their own. Only ``/etc/slurm/slurm.conf`` lies outside: jobs look for it there and nowhere else. Where that file exists
the machine belongs to a Slurm of its own, and nothing is started.

By hand: ``python tests/cluster/slurm.py`` starts it and ends it when the line is closed with Ctrl-D.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CONF = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo", "runuser")
PARTITION = "here"
START = 60  # seconds after which a program that does not answer is given up


def why_not() -> str:
    """Say why no Slurm can be started here, in one sentence; nothing where it can."""
    lacking = [name for name in PROGRAMS if _program(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (Debian: apt-get install slurm-wlm munge)"
    if os.geteuid() != 0:
        return "slurmctld and slurmd have to be started by root, and this is not root"
    if CONF.exists():
        return f"{CONF} exists: this machine belongs to a Slurm of its own"
    try:
        pwd.getpwnam("munge")
    except KeyError:
        return "there is no user munge to run munged as"
    try:
        with socket.create_server(("127.0.0.1", 0)):
            pass
    except OSError as error:
        return f"no network, not even within this machine: {error.strerror}"
    return ""


def _program(name: str) -> str | None:
    """Where a program is; the folders of root's programs are often not on the path."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextmanager
def slurm() -> Iterator[Path]:
    """Start munged, slurmctld and slurmd; give the folder of their logs; end them and every job of theirs.

    Raises RuntimeError with the end of the log where one of them does not come up.
    """
    with ExitStack() as last:
        # /run is root's alone, as munged demands of every folder above its socket; a path must be short for a socket.
        home = Path(tempfile.mkdtemp(prefix="replicalc-slurm-", dir="/run"))
        last.callback(shutil.rmtree, home, ignore_errors=True)
        home.chmod(0o755)
        munge, state = home / "munge", home / "state"
        for folder in (munge, state):
            folder.mkdir(mode=0o755)
        key, munge_socket = munge / "key", munge / "socket"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        for path in (munge, key):
            shutil.chown(path, "munge", "munge")
        CONF.parent.mkdir(exist_ok=True)
        with CONF.open("x", encoding="utf-8") as file:  # "x": never over a configuration that appeared meanwhile
            last.callback(CONF.unlink, missing_ok=True)
            file.write(_conf(state, munge_socket))

        munged = ["--foreground", f"--socket={munge_socket}", f"--key-file={key}", f"--pid-file={munge}/pid"]
        munged += [f"--seed-file={munge}/seed", f"--log-file={munge}/log"]
        _start(last, [_program("runuser"), "-u", "munge", "--", _program("munged"), *munged], home / "munged.log")
        _until(munge_socket.exists, "munged", munge / "log")
        _start(last, [_program("slurmctld"), "-D", "-i"], home / "slurmctld.log")
        _start(last, [_program("slurmd"), "-D", "-N", "one"], home / "slurmd.log")
        _until(lambda: _said("sinfo", "-h", "-o", "%T") == "idle", "slurmd", home / "slurmd.log")
        last.callback(_cancel_all)
        yield home


def _conf(state: Path, munge_socket: Path) -> str:
    ports = _free_ports(2)
    return f"""ClusterName=replicalc
SlurmctldHost={socket.gethostname()}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={munge_socket}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
MinJobAge=300
StateSaveLocation={state}
SlurmdSpoolDir={state}
SlurmctldPidFile={state}/slurmctld.pid
SlurmdPidFile={state}/slurmd.pid
SlurmctldParameters=enable_configless
NodeName=one NodeHostname={socket.gethostname()} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} RealMemory={_memory()}
PartitionName={PARTITION} Nodes=one Default=YES MaxTime=INFINITE State=UP
"""


def _memory() -> int:
    """Memory of this machine in MB that jobs may ask for: nine tenths of what there is."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20 * 0.9)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as taken:
        servers = [taken.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


def _start(last: ExitStack, command: list[str], log: Path) -> None:
    """Start a program in a group of its own, and end the group when all is over."""
    output = last.enter_context(log.open("wb"))
    process = subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
    )
    last.callback(_end, process)


def _end(process: subprocess.Popen) -> None:
    """Ask, wait, then insist; the group holds this process and what it started, nothing else."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            continue
    process.poll()


def _said(name: str, *arguments: str) -> str:
    done = subprocess.run([_program(name), *arguments], capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


def _until(holds, who: str, log: Path) -> None:
    end = time.monotonic() + START
    while not holds():
        if time.monotonic() > end:
            told = log.read_text(errors="replace")[-2000:] if log.exists() else "(it wrote no log)"
            raise RuntimeError(f"{who} does not answer after {START} s. Its log ends with:\n{told}")
        time.sleep(0.2)


def _cancel_all() -> None:
    """End every job and wait until the node has let go of them: slurmstepd is not a child of slurmd."""
    _said("scancel", "--full", f"--partition={PARTITION}")
    end = time.monotonic() + START
    while _said("squeue", "-h") and time.monotonic() < end:
        time.sleep(0.5)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends this program ends what it started
    if reason := why_not():
        sys.exit(f"no Slurm here: {reason}")
    with slurm() as folder:
        print(f"Slurm runs, partition '{PARTITION}', logs in {folder}. Ctrl-D ends it.", flush=True)
        sys.stdin.read()
