"""Commands as they are asked, and what they wrote."""

import csv
import hashlib
import io
import sys
from contextlib import redirect_stdout, suppress

import numpy as np
import pytest

from csa.cli import main

# West to east: the middle of each place, and its shootings a year.
PLACES = ((-94.592, 39.012, 45), (-94.575, 39.035, 45), (-94.556, 39.02, 18), (-94.535, 39.04, 44))
SUSPECT = (-94.515, 39.015)
YEARS = range(2015, 2020)
CHOSEN = ("--months", "24", "--max-area-km2", "1")


def city_lines():
    """Five years of shootings at four places and all over the town; in 2019 thirty at one point."""
    rng = np.random.default_rng(6)
    at = []
    for year in YEARS:
        for lon, lat, n in PLACES:
            spread = rng.normal(0, 0.0012, (n, 2))
            at += [(year, lon + east, lat + north) for east, north in spread]
        places = rng.uniform((-94.6, 39.0), (-94.5, 39.05), (40, 2))
        at += [(year, lon, lat) for lon, lat in places]
    at += [(2019, *SUSPECT)] * 30
    for n, (year, lon, lat) in enumerate(at):
        day = f"{year}-{n * 7 % 12 + 1:02d}-{n % 28 + 1:02d}"
        yield f"{n},{n},{day} {n % 24:02d}:00,{n % 4 == 0:d},{lon:.6f},{lat:.6f},,"
    yield "9999,9999,2019-12-31 10:00,0,-94.55,39.0001,,"


def csa_command(*words):
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), suppress(SystemExit):
        patch.setattr(sys, "argv", ["csa", *map(str, words)])
        main.main()
    return said.getvalue()


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sentence(done):
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("csa: ").strip()


def table_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def code_of(text):
    return hashlib.sha256(text.encode()).hexdigest()
