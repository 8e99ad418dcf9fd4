"""Lines and shapes that one must see stand out by three to one (WCAG 1.4.11), letters by 4.5."""

import tomllib

import pytest

from csa_app.shared.theme import DARK, LIGHT

SHAPES, LETTERS = 3.0, 4.5


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_by_hand():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("name", "look"), [("light", LIGHT), ("dark", DARK)])
def test_borders_of_fields_outlines_and_letters_can_be_seen(root, name, look):
    config = tomllib.loads(
        (root / "app" / "csa_app" / ".streamlit" / "config.toml").read_text("utf-8")
    )["theme"]
    assert config["showWidgetBorder"]
    own = config[name]
    for ground in (own["backgroundColor"], own["secondaryBackgroundColor"]):
        assert contrast(own["borderColor"], ground) >= SHAPES
        assert contrast(own["primaryColor"], ground) >= SHAPES
        assert contrast(own["textColor"], ground) >= LETTERS
    for shape in (look.outline, look.accent):
        for ground in (look.ground, look.land, look.water, look.park):
            assert contrast(shape, ground) >= SHAPES, (shape, ground)
    for letters in (look.ink, look.faint, look.quiet, look.blocked, look.at_risk):
        assert contrast(letters, look.ground) >= LETTERS
