"""Pages beside a picture of how they looked when somebody last looked: rough, so that fonts may differ.

After a change that is meant, look at the pages, then `CSA_KEEP_LOOKS=1` writes the pictures anew.
"""

import difflib
import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

KEPT = Path(__file__).parent / "looks"
WIDE = 96
"""Pixels: letters are gone, what stands where is not."""
MEAN, WORST = 6.0, 110.0
"""Of 255: how far all of it, and a single spot, may be off."""
TILE = 12
"""Pixels of the kept picture: a part of this size that had something on it must not be empty."""
PATIENCE_S = 20
"""How long a page may take: a picture in it is drawn some time after its words."""
INK, KEEPS = 3.0, 0.35
"""Of 255: how far a tile is from the ground at least, to have something on it; and what share of
that must be left."""


def is_kept_anew():
    return bool(os.environ.get("CSA_KEEP_LOOKS"))


def thumbnail(picture):
    high = round(picture.height * WIDE / picture.width)
    return picture.convert("L").resize((WIDE, high), Image.Resampling.BOX)


def difference(picture, name):
    """Compare with what is kept: the mean and the largest difference; endless for another shape."""
    now = thumbnail(picture)
    path = KEPT / f"{name}.png"
    if is_kept_anew():
        path.parent.mkdir(exist_ok=True)
        now.save(path, optimize=True)
    if not path.exists():
        return np.inf, np.inf
    then = Image.open(path)
    if abs(now.height - then.height) > max(2, then.height // 40):
        return np.inf, np.inf
    high = min(now.height, then.height)
    one, other = (
        np.asarray(each.crop((0, 0, WIDE, high)), dtype=np.float64) for each in (now, then)
    )
    off = np.abs(one - other)
    return float(off.mean()), float(off.max()) if are_filled_alike(one, other) else np.inf


def ink(shades):
    """Tell how far each tile is from the picture's ground: its commonest shade."""
    ground = np.bincount(shades.astype(np.uint8).ravel(), minlength=256).argmax()
    far = np.abs(shades - ground)
    high, wide = (-(-n // TILE) * TILE for n in far.shape)
    padded = np.zeros((high, wide))
    padded[: far.shape[0], : far.shape[1]] = far
    return padded.reshape(high // TILE, TILE, wide // TILE, TILE).mean(axis=(1, 3))


def are_filled_alike(one, other):
    """Tell whether no tile of one picture lost, in the other, most of what was on it."""
    inks = ink(one), ink(other)
    return all(
        (b >= KEEPS * a)[a >= INK].all() for a, b in ((inks[0], inks[1]), (inks[1], inks[0]))
    )


def is_alike(picture, name):
    mean, worst = difference(picture, name)
    return mean <= MEAN and worst <= WORST


def assert_comes_alike(shoot, name):
    """Photograph a page until it looks as it did; where a picture is kept, until it stands still."""
    until, before = time.monotonic() + PATIENCE_S, None
    while True:
        png = shoot()
        is_still, before = png == before, png
        if (is_still or not is_kept_anew()) and is_alike(opened(png), name):
            return
        if time.monotonic() > until:
            mean, worst = difference(opened(png), name)
            raise AssertionError(f"{name} is off by {mean:.1f} ({MEAN}), in one spot {worst:.0f}")
        time.sleep(0.3)


def opened(png):
    return Image.open(io.BytesIO(png))


def skip_when_kept_anew():
    if is_kept_anew():
        pytest.skip("the pictures are being written anew")


WORDS = KEPT / "words"


def is_as_read(lines, name):
    """Compare a text with what is kept; fail with the lines that differ, and what to do."""
    path = WORDS / f"{name}.txt"
    if is_kept_anew():
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    then = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    differ = list(difflib.unified_diff(then, [*lines], "kept", "now", lineterm="", n=0))
    if differ:
        said = "\n".join(line[:300] for line in differ[:60])
        pytest.fail(f"{said}\nIf that is meant, CSA_KEEP_LOOKS=1 keeps {path.name} anew.")
    return True
