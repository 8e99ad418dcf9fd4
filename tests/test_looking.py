"""The rough comparison of pages: what it must see, on every picture that is kept."""

import numpy as np
import pytest
from PIL import Image

from tests.looking import KEPT, is_alike, skip_when_kept_anew

NAMES = sorted(path.stem for path in KEPT.glob("*.png"))


def kept(name):
    return np.asarray(Image.open(KEPT / f"{name}.png").convert("L"))


def ground_of(shades):
    return np.bincount(shades.ravel(), minlength=256).argmax()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_page_and_half_a_page_are_seen(name):
    skip_when_kept_anew()
    shades = kept(name)
    assert is_alike(Image.fromarray(shades), name)
    lighter = np.clip(shades.astype(int) + 4, 0, 255).astype(np.uint8)
    assert is_alike(Image.fromarray(lighter), name)
    empty = np.full_like(shades, ground_of(shades))
    assert not is_alike(Image.fromarray(empty), name)
    busy = np.flatnonzero((np.abs(shades.astype(int) - ground_of(shades)) > 20).any(axis=1))
    half = shades.copy()
    half[busy[: len(busy) // 2]] = ground_of(shades)
    assert not is_alike(Image.fromarray(half), name)
