"""Forks writers after their imports, which else would take all the time.

`zygote.py many ADDRESS NAME ...`: one for each name, all at once, each with 25 entries.
`zygote.py kill ADDRESS`: for each line, a number of seconds, one that is killed so long after its
first entry; prints the entries that it told of, then `killed`.
"""

import os
import signal
import sys
import time
from pathlib import Path

import csa.decisions.store.migrating  # noqa: F401 - paid once

sys.path.insert(0, str(Path(__file__).parent))
import writer


def fork(address, name, n):
    """Start a writer; return its number and where it tells."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(write, 1)
            writer.write(address, name, n)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    return child, os.fdopen(read)


def many(address, *names):
    """Print each writer's name, whether it failed, and the entries that it told of."""
    for name, (child, stream) in [(name, fork(address, name, 25)) for name in names]:
        told = [line.split()[0] for line in stream]
        _, status = os.waitpid(child, 0)
        sys.stdout.write(" ".join([name, str(status), *told]) + "\n")


def kill(address):
    """Kill one writer for each line."""
    for number, line in enumerate(sys.stdin):
        child, stream = fork(address, f"1.1.{number + 1}", 100_000)
        first = stream.readline()
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told = [row.split()[0] for row in (first + stream.read()).split("\n")[:-1]]
        sys.stdout.write("\n".join([*told, "killed"]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    {"many": many, "kill": kill}[sys.argv[1]](*sys.argv[2:])
