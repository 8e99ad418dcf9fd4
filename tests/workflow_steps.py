"""Run the steps of a workflow here: `python -m tests.workflow_steps ci lint`; without a job, list them.

Steps that need a host (an action, docker, brew, the host's own command) are named and passed over;
of a matrix the Python that runs this is taken.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
NEEDS_HOST = ("brew ", "gmake ", "docker ", "gh ")


def main() -> None:
    """List or run the steps of a job."""
    workflow, job = [*sys.argv[1:], *["ci", ""][len(sys.argv) - 1 :]][:2]
    path = ROOT / ".github" / "workflows" / f"{workflow}.yml"
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    for name in [job] if job else jobs:
        for step in jobs[name]["steps"]:
            words = step.get("run", "")
            is_here = words and not words.startswith(NEEDS_HOST)
            sys.stdout.write(
                f"{name}: {words or step['uses']}{'' if is_here else ' (on a host)'}\n"
            )
            sys.stdout.flush()
            if job and is_here:
                subprocess.run(words, shell=True, check=True, cwd=ROOT)  # noqa: S602 - our own file


if __name__ == "__main__":
    main()
