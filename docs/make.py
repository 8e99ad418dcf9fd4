"""Write what the docs show and the code knows: `make docs`.

The table of settings in docs/DATA.md, and README's picture: the running app with the sample
city, in Debian's chromium.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from csa.config import setting_descriptions

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BEGIN, END = "<!-- settings: begin", "<!-- settings: end -->"
PICTURE = DOCS / "find-areas.png"
SIZE = {"width": 1280, "height": 930}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


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
    """Serve the sample city, and take a picture of its first page once the map has painted."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "--server.port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "CSA_CITY": "sample",
            "CSA_DATASET": f"{folder}/dataset",
            "CSA_BASEMAP": f"{folder}/basemap",
        }
        server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            _take(f"http://127.0.0.1:{port}", path)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("docs: the app did not start")


def _take(address: str, path: Path) -> None:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(address)
        frame = page.frame_locator("iframe")
        frame.locator("body[data-painted]").wait_for(timeout=60_000)
        page.wait_for_timeout(2000)
        page.screenshot(path=path)
        browser.close()


def main() -> None:
    """Write the docs."""
    write_settings(DOCS / "DATA.md")
    take_picture(PICTURE)


if __name__ == "__main__":
    main()
