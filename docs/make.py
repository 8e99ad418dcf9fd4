"""Write what the docs show and the code knows: `make docs`.

The table of settings in docs/DATA.md, and README's pictures: the running app with the made-up
city and its program, in Debian's chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.browser import chromium
from benchmarks.server import APP, serving
from csa.config.loading import setting_descriptions

DOCS = Path(__file__).parent
BEGIN, END = "<!-- settings: begin", "<!-- settings: end -->"
PICTURES = {"briefing.png": "", "find-areas.png": "areas", "displacement.png": "displacement"}
SETTLED_MS = 8000
SIZE = {"width": 1280, "height": 930}


def settings_table() -> str:
    """Return the table of every setting of a city's file."""
    rows = [f"| `{key}` | {about} |" for key, about in setting_descriptions().items()]
    return "\n".join(["| setting | meaning |", "|---|---|", *rows])


def write_settings(path: Path) -> None:
    """Put the table of settings between its marks."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    mark, rest = rest.split("\n", 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}{mark}\n{settings_table()}\n{END}{after}", encoding="utf-8")


def take_pictures(folder: Path) -> None:
    """Serve the made-up city with its program, and take the pictures once the maps have painted."""
    with tempfile.TemporaryDirectory() as made:
        dataset, basemap, store = (f"{made}/{name}" for name in ("dataset", "basemap", "s.sqlite3"))
        for command in (
            f"ingest --city sample --out {dataset}",
            f"basemap --city sample --out {basemap}",
            f"backtest --city sample --dataset {dataset}",
            f"sample --dataset {dataset} --basemap {basemap} --store {store}",
        ):
            subprocess.run([sys.executable, "-m", "csa.cli.main", *command.split()], check=True)  # noqa: S603
        variables = {
            "CSA_CITY": "sample",
            "CSA_DATASET": dataset,
            "CSA_BASEMAP": basemap,
            "CSA_STORE": store,
        }
        with serving(APP, variables) as server, chromium() as browser:
            for name, address in PICTURES.items():
                page = browser.new_page(viewport=SIZE, color_scheme="light")
                page.goto(f"{server.address}/{address}")
                frame = page.frame_locator("iframe").first
                frame.locator("body[data-painted]").wait_for(timeout=60_000)
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=folder / name)
                page.close()


def main() -> None:
    """Write the docs."""
    write_settings(DOCS / "DATA.md")
    take_pictures(DOCS)


if __name__ == "__main__":
    main()
