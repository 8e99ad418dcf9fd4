"""Hold what the commands write against what they wrote before: `python -m benchmarks.golden`.

The whole way of a city, file to public bundle, through the command alone, so that a change of the
house cannot hide from it. Data files count byte for byte; of a PDF each page's picture counts,
since its objects may be ordered anew. `--write` takes what is written now as right: look at the
difference first. What came before is rebuilt from its commit; the hashes only tell that it differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2 as pdfium
from rich.progress import track

ROOT = Path(__file__).parent.parent
KEPT = Path(__file__).parent / "golden"
PHILADELPHIA = ROOT.parent / "shared" / "data" / "philadelphia"
"""Real files; where they are absent, the made-up city alone is compared."""
FILES = {
    "sample": [],
    "philadelphia": [
        "--places",
        str(PHILADELPHIA / "neighborhoods.geojson"),
        str(PHILADELPHIA / "philly_shooting_victims_2015_2025.csv"),
    ],
}
MONTH = {"sample": "2020-07", "philadelphia": "2024-11"}
SECRET = ("bundle/", "none.sqlite3", "printed-10")
SINCE = {"sample": "2019-09", "philadelphia": "2022-01"}


def steps(city: str) -> list[list[str]]:
    """List the commands of the whole way, each in a folder where `dataset` is the dataset."""
    of_city, month, since = ["--city", city, "--dataset", "dataset"], MONTH[city], SINCE[city]
    report = ["report", *of_city, "--month", month]
    public = [*report, "--audience", "public", "--lang", "es"]
    return [
        ["ingest", "--city", city, *FILES[city], "--out", "dataset"],
        ["backtest", *of_city],
        ["backtest", *of_city, "--origins", f"{since[:4]}-01", "--out", "backtest"],
        ["propose", *of_city, "--out", "proposal"],
        ["propose", *of_city, "--until", since, "--out", "before"],
        ["priorities", *of_city, "--out", "priorities"],
        ["displace", *of_city, "--areas", "before", "--since", since, "--out", "displacement"],
        [*report, "--all", "--out", "report"],
        [*public, "--out", "public.pdf"],
        [*report, "--audience", "executive", "--out", "executive.docx"],
        ["publish", *of_city, "--out", "bundle"],
    ]


def page_pictures(content: bytes) -> bytes:
    """Draw each page of a PDF, and return their pixels."""
    with pdfium.PdfDocument(content) as document:
        return b"".join(page.render(scale=1.5).to_numpy().tobytes() for page in document)


def hashes(folder: Path) -> dict[str, str]:
    """Hash each file below a folder: name to 16 hexadecimal digits.

    What is made with the secret of a publication, new each time, counts by its name alone.
    """
    found = {}
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        name, content = str(path.relative_to(folder)), path.read_bytes()
        content = page_pictures(content) if path.suffix == ".pdf" else content
        is_secret = name.startswith(SECRET)
        found[name] = "secret" if is_secret else hashlib.sha256(content).hexdigest()[:16]
    return found


def run(city: str, folder: Path) -> dict[str, str]:
    """Run the whole way of a city; what a command prints is kept as a file too."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", "from csa.cli.main import main; main()"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CSA_")}
    environment |= {"CSA_STORE": f"sqlite:///{folder / 'none.sqlite3'}", "COLUMNS": "100"}
    environment["CSA_DATA_DIR"] = str(ROOT / "data" / city)
    for number, step in enumerate(track(steps(city), description=city)):
        city_file = str(ROOT / "config" / f"{city}.toml")
        words = [city_file if word == city else word for word in step]
        done = subprocess.run(
            [*command, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"csa {' '.join(words)}: {done.stderr}")
        (folder / f"printed-{number:02}.txt").write_text(done.stdout, encoding="utf-8")
    return hashes(folder)


def compare(kept: dict[str, str], made: dict[str, str]) -> list[str]:
    """Say how two sets of files differ, a line each."""
    lines = [f"gone: {name}" for name in kept if name not in made]
    lines += [f"new: {name}" for name in made if name not in kept]
    return lines + [f"differs: {name}" for name in kept if made.get(name, kept[name]) != kept[name]]


def main() -> None:
    """Run, and compare or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--city", choices=list(FILES), action="append")
    parser.add_argument("--out", type=Path, help="keep the files here, to look at")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    differing = 0
    for city in given.city or FILES:
        if city == "philadelphia" and not PHILADELPHIA.is_dir():
            sys.stdout.write("philadelphia: skipped, no ../shared/data/philadelphia\n")
            continue
        kept = KEPT / f"{city}.json"
        with tempfile.TemporaryDirectory() as folder:
            made = run(city, (given.out or Path(folder)).resolve() / city)
        if given.write:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        lines = compare(json.loads(kept.read_text(encoding="utf-8")), made)
        differing += len(lines)
        sys.stdout.write("".join(f"{city}: {line}\n" for line in lines))
        sys.stdout.write(f"{city}: {len(made)} files, {len(lines)} differ\n")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
