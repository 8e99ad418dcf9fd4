"""Forks writers after their imports, which else would take all the time.

`zygote.py ADDRESS NAME ...`: one for each name, all at once, each with 25 entries.
"""

import os
import sys
from pathlib import Path

import csa.program.store.engine  # noqa: F401 - paid once

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


if __name__ == "__main__":
    many(*sys.argv[1:])
