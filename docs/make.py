"""Write what the docs show and the code knows: `make docs`.

The table of settings in docs/DATA.md, the tables of what runs found, and README's pictures: the
running app with the made-up city and its program, in Debian's chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.browser import chromium
from benchmarks.server import APP, serving
from benchmarks.tables import between, write_page
from PIL import Image
from playwright.sync_api import Page

from csa.city.loading import setting_descriptions

DOCS = Path(__file__).parent
BEGIN = "<!-- settings: begin (written by `make docs`; a test holds it) -->"
END = "<!-- settings: end -->"
PICTURES = {
    "briefing.png": "",
    "find-areas.png": "areas",
    "displacement.png": "displacement",
    "wall.png": "?view=wall",
}
GALLERY = {"zones.png": "zones", "activities.png": "activities", "phone.png": "count/"}
"""Only on the site's page of pictures, with the published page."""
PUBLIC = "public.png"
NO_MAP = {"wall.png", "activities.png", "phone.png"}  # the wall's map is part of the page
SETTLED_MS = 8000
WALL_SCREEN = 4
"""Where the wall says what changed in each area."""
SIZE = {"width": 1280, "height": 930}
PHONE = {"width": 390, "height": 760}
COLORS = 256
"""Enough for charts and flat maps, in a third of the bytes."""


def settings_table() -> str:
    """Return the table of every setting of a city's file."""
    rows = [f"| `{key}` | {about} |" for key, about in setting_descriptions().items()]
    return "\n".join(["| setting | meaning |", "|---|---|", *rows])


def write_settings(path: Path) -> None:
    """Put the table of settings between its marks."""
    text = path.read_text(encoding="utf-8")
    path.write_text(between(text, BEGIN, END, settings_table()), encoding="utf-8")


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
            run_command(command)
        variables = {
            "CSA_CITY": "sample",
            "CSA_DATASET": dataset,
            "CSA_BASEMAP": basemap,
            "CSA_STORE": store,
        }
        with serving(APP, variables) as server, chromium() as browser:
            for name, address in (PICTURES | GALLERY).items():
                size = PHONE if name == "phone.png" else SIZE
                page = browser.new_page(viewport=size, color_scheme="light")
                page.goto(f"{server.address}/{address}")
                if name not in NO_MAP:
                    frame = page.frame_locator("iframe").first
                    frame.locator("body[data-painted]").wait_for(timeout=60_000)
                page.wait_for_timeout(SETTLED_MS)
                if "wall" in name:
                    for _ in range(WALL_SCREEN - 1):
                        page.keyboard.press("ArrowRight")
                    page.wait_for_timeout(1000)
                take_picture(page, folder / name)
            bundle = (
                f"publish --city sample --dataset {dataset} --basemap {basemap} --store {store}"
            )
            run_command(f"{bundle} --out {made}/bundle")
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(f"file://{made}/bundle/index.html")
            take_picture(page, folder / PUBLIC)


def run_command(words: str) -> None:
    """Run a command of csa."""
    subprocess.run([sys.executable, "-m", "csa.cli.main", *words.split()], check=True)  # noqa: S603


def take_picture(page: Page, path: Path) -> None:
    """Save what a page shows with few colors, and close it."""
    page.screenshot(path=path)
    page.close()
    with Image.open(path) as full:
        small = full.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main() -> None:
    """Write the docs."""
    write_settings(DOCS / "DATA.md")
    write_page("PERFORMANCE")
    write_page("RELIABILITY")
    take_pictures(DOCS)


if __name__ == "__main__":
    main()
