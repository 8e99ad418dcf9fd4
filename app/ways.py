"""The ways of choosing that past years compare, in words."""

from __future__ import annotations

from csa.words import speak


def in_words(way: str) -> str:
    """Name a way inside a sentence.

    Parameters
    ----------
    way
        Of `csa.priorities.backtest.METHODS`.

    Returns
    -------
    str
        In words.
    """
    if way.startswith("kde_"):
        return speak("how_well.in_heat", radius=way.removeprefix("kde_"))
    return speak("how_well.in_count" if way == "count" else "how_well.in_neighborhoods")


def named(way: str) -> str:
    """Name a way in a table.

    Parameters
    ----------
    way
        Of `csa.priorities.backtest.METHODS`.

    Returns
    -------
    str
        In words.
    """
    if way.startswith("kde_"):
        return speak("how_well.way_heat", radius=way.removeprefix("kde_"))
    return speak(
        {
            "areas": "how_well.way_areas",
            "count": "how_well.way_count",
            "neighborhoods": "how_well.way_neighborhoods",
            "random": "how_well.way_random",
            "ceiling": "how_well.way_ceiling",
        }[way]
    )


def beside(way: str) -> str:
    """Name a way beside its line, shortly.

    Parameters
    ----------
    way
        Of `csa.priorities.backtest.METHODS`.

    Returns
    -------
    str
        In words.
    """
    if way.startswith("kde_") or way == "random":
        return named(way)
    return speak(
        {
            "areas": "how_well.line_areas",
            "count": "how_well.line_count",
            "neighborhoods": "how_well.line_neighborhoods",
            "ceiling": "how_well.line_ceiling",
        }[way]
    )
