"""Write what the docs show and the code knows: `make docs`.

The table of settings in docs/DATA.md, and README's picture: the running app with the sample
city, in Debian's chromium.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.browser import chromium
from benchmarks.server import APP, serving
from csa.config.loading import setting_descriptions

DOCS = Path(__file__).parent
BEGIN, END = "<!-- settings: begin", "<!-- settings: end -->"
PICTURE = DOCS / "find-areas.png"
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


def take_picture(path: Path) -> None:
    """Serve the sample city, and take a picture of Find areas once the map has painted."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "CSA_CITY": "sample",
            "CSA_DATASET": f"{folder}/dataset",
            "CSA_BASEMAP": f"{folder}/basemap",
        }
        with serving(APP, variables) as server, chromium() as browser:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(f"{server.address}/areas")
            frame = page.frame_locator("iframe")
            frame.locator("body[data-painted]").wait_for(timeout=60_000)
            page.wait_for_timeout(2000)
            page.screenshot(path=path)


def main() -> None:
    """Write the docs."""
    write_settings(DOCS / "DATA.md")
    take_picture(PICTURE)


if __name__ == "__main__":
    main()
