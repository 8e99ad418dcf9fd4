"""Write docs/LICENSES.md: under which license each package of the lock stands; `make docs`.

Taken from what each installed package says of itself. A test holds the page against that, and
refuses a license that is not on the list of those that fit.
"""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "LICENSES.md"
UNSAID = {
    "axe-playwright-python": "MIT",
    "brotlicffi": "MIT",
    "colorama": "BSD-3-Clause",
    "streamlit-folium": "MIT",
}
"""Their metadata name none, or they are installed on other systems alone: as in their repositories."""
CHOSEN = {
    "aiosmtpd": "Apache-2.0",
    "docutils": "BSD-2-Clause",
    "pyphen": "MPL-1.1",
    "python-dateutil": "BSD-3-Clause",
}
"""Offered under several, or named oddly."""
SAME = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Open Database License (ODbL) v1.0": "ODbL-1.0",
    "Python Software Foundation License": "PSF-2.0",
    "The MIT License (MIT)": "MIT",
}
FREE = {
    "0BSD",
    "Apache-2.0",
    "BSD",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Zlib",
}
SHIPPED = FREE | {"LGPL-3.0-only", "MPL-1.1", "MPL-2.0", "ODbL-1.0"}
"""What the image may hold: beside free ones, libraries used unchanged, and open data."""
DEVELOPED_WITH = SHIPPED | {"GPL-3.0-or-later"}


def locked(name: str) -> list[str]:
    """List the packages of a lock."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE)


def license_of(name: str) -> str | None:
    """Return a package's license; None where it is not installed on this machine."""
    if name in UNSAID | CHOSEN:
        return (UNSAID | CHOSEN)[name]
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    kinds = [one for one in said.get_all("Classifier") or [] if one.startswith("License ::")]
    found = said.get("License-Expression") or "; ".join(one.split(" :: ")[-1] for one in kinds)
    found = found or (said.get("License") or "").strip().partition("\n")[0]
    return SAME.get(found, found)


def parts_of(license_name: str) -> set[str]:
    """Split an expression: all of an AND must fit, of an OR the first does."""
    return {one.split(" OR ")[0].strip(" ()") for one in license_name.split(" AND ")}


def page() -> str:
    """Return the page."""
    shipped = set(locked("requirements-app.lock"))
    groups: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for name in sorted(locked("requirements.lock")):
        groups[license_of(name) or "not known here"][name not in shipped].append(name)
    lines = [
        "# Licenses\n",
        "Of every package in `requirements.lock`, as `docs/licenses.py` reads them (`make docs`). The project itself is MIT.",
        "Psycopg (LGPL), pyphen and certifi (MPL) are used as they come; timezonefinder's boundaries are open data (ODbL).\n",
        "| license | shipped | only to develop |",
        "|---|---|---|",
    ]
    for name, (ours, others) in sorted(groups.items()):
        lines.append(f"| {name} | {', '.join(ours)} | {', '.join(others)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
