"""Copy Leaflet from its package, whose hash the lock file holds, to where browsers find it.

`make setup` and the Dockerfile run it: `python -m csa_app.shared.vendor`.
"""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from csa.base.io import replace_folder
from csa_app.shared.settings import STATIC

PACKAGE = "django-js-lib-leaflet"
PLACE = STATIC / "vendor" / "leaflet"


def copy_leaflet(place: Path = PLACE) -> Path:
    """Copy Leaflet's script, style and license."""
    held = files("js_lib_leaflet").joinpath("static", "js_lib_leaflet")
    license_ = next(
        file for file in distribution(PACKAGE).files or () if file.name == "LICENSE"
    ).locate()
    replace_folder(
        place,
        "leaflet.js",
        {
            "leaflet.js": held.joinpath("leaflet.js").read_bytes(),
            "leaflet.css": held.joinpath("leaflet.css").read_bytes(),
            "LICENSE": Path(str(license_)).read_bytes(),
        },
    )
    return place


if __name__ == "__main__":
    copy_leaflet()
