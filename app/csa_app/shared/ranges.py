"""A range as a bar in a table's cell, beside the numbers that it draws."""

from __future__ import annotations

from csa.base.text import tr


class Drawn(str):
    """HTML of ours, which a table shows as it is."""

    __slots__ = ()


def range_bar(low: float, high: float, at: float, top: float, counted: float | None = None) -> str:
    """Draw a range from 0 to `top`, with a tick where it is most likely, and a dot for a count."""
    places = {"low": low, "high": high, "at": at, "n": at if counted is None else counted}
    style = ";".join(f"--{name}:{_share(value, top):.1f}%" for name, value in places.items())
    dot = "" if counted is None else "<u></u>"
    return f'<span class="csa-range" style="{style}" aria-hidden="true"><i></i><b></b>{dot}</span>'


def _share(value: float, top: float) -> float:
    return 100 * min(1.0, value / top) if top else 0.0


def expected_words(mean: float, low: float, high: float) -> str:
    """Format what is expected with its range, in whole incidents."""
    return tr("compare.expected", n=mean, low=int(low), high=int(high))
