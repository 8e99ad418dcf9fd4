"""Make a release: `make release VERSION=0.1.0`, then `make release-files` of what it tagged.

The version stands in pyproject.toml alone; CITATION.cff, codemeta.json and the changelog's date are
filled from it, in one commit with a tag. Its files are the wheel, the sdist, what is shipped
(sbom.json), the notes and the checksums. Nothing is pushed and nothing uploaded.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


def main() -> None:
    """Run `prepare VERSION` or `files` in the repository one stands in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["prepare", "files"])
    parser.add_argument("version", nargs="?", default="")
    given = parser.parse_args()
    try:
        prepare(given.version) if given.step == "prepare" else write_files(Path("dist"))
    except ValueError as error:
        sys.exit(f"release: {error}")


def prepare(version: str) -> None:
    """Write a version and its day into the files that name them, commit and tag."""
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version or 'no version'} is not a version such as 0.1.0.")
    if git("status", "--porcelain"):
        raise ValueError("there are changes that are not committed. Commit or stash them.")
    if git("tag", "--list", f"v{version}"):
        raise ValueError(f"v{version} was released before. Choose the next version.")
    day = datetime.now(UTC).date().isoformat()
    edits = {
        "CHANGELOG.md": (rf"(?m)^## {re.escape(version)} \(unreleased\)$", f"## {version} ({day})"),
        "pyproject.toml": (r'(?m)^version = "[^"]*"$', f'version = "{version}"'),
        "CITATION.cff": (r"(?m)^version: .*(\ndate-released: .*)?$", f"version: {version}\ndate-released: {day}"),
        "codemeta.json": (r'"version": "[^"]*"', f'"version": "{version}"'),
    }  # fmt: skip
    texts = {}
    for name, (pattern, text) in edits.items():
        texts[name], n = re.subn(pattern, text, Path(name).read_text(encoding="utf-8"))
        if n != 1:
            raise ValueError(f"{name} has {n} lines for version {version}, not one.")
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    git("commit", "--quiet", "--message", f"Release {version}", *texts)
    git("tag", "--annotate", f"v{version}", "--message", f"core-service-areas {version}")
    sys.stdout.write(
        f"release: v{version} is tagged here. Next: make release-files; push the tag.\n"
    )


def notes_of(version: str, changelog: str) -> str:
    """Return what the changelog says of a version."""
    found = re.search(rf"(?ms)^## {re.escape(version)} \([^)]*\)\n(.*?)(?=^## |\Z)", changelog)
    if found is None:
        raise ValueError(f"CHANGELOG.md says nothing of {version}.")
    return found[1].strip() + "\n"


def write_files(folder: Path) -> None:
    """Write notes and checksums beside the wheel, the sdist and the SBOM of the tagged version."""
    version = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    built = sorted(path for path in folder.glob("*") if path.suffix in {".whl", ".gz", ".json"})
    own = [path.suffix for path in built if version in path.name or path.name == "sbom.json"]
    if sorted(own) != [".gz", ".json", ".whl"] or len(built) != len(own):
        names = ", ".join(path.name for path in built) or "nothing"
        raise ValueError(f"{folder} must hold the wheel, sdist and sbom.json of {version} alone, and holds {names}.")  # fmt: skip
    (folder / "NOTES.md").write_text(
        notes_of(version, Path("CHANGELOG.md").read_text(encoding="utf-8")), encoding="utf-8"
    )
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in built)
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    sys.stdout.write(f"release: {folder} holds {version}; sha256sum -c SHA256SUMS checks it.\n")


def git(*words: str) -> str:
    """Run git, and return what it prints."""
    return subprocess.run(  # noqa: S603 - words of this file
        ["git", *words],  # noqa: S607 - found on the PATH
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


if __name__ == "__main__":
    main()
