"""Names of the ways of choosing, and of the settings, that past years compare."""

from __future__ import annotations

import pandas as pd

from csa.backtest.suggestion import Tried, comparable_settings
from csa.base.text import speak, way_name


def named(way: str) -> str:
    """Name a way in a table."""
    name = way_name(way)
    return name[:1].upper() + name[1:]


def beside(way: str) -> str:
    """Name a way beside its line, in short."""
    if way == "kde_mix_all":
        return speak("how_well.line_heat_mix")
    if way.startswith("kde_"):
        return speak("how_well.line_heat", radius=way.split("_")[1])
    return speak(
        {
            "areas": "how_well.line_areas",
            "blocks": "how_well.line_blocks",
            "count_36": "how_well.line_count",
            "count_all": "how_well.line_count",
            "count_areas": "how_well.line_count_areas",
            "neighborhoods": "how_well.line_neighborhoods",
            "random": "how_well.line_random",
            "ceiling": "how_well.line_ceiling",
        }[way]
    )


def tried_table(rows: tuple[Tried, ...], suggested: Tried | None) -> pd.DataFrame:
    """Tabulate the settings tried."""
    comparable = comparable_settings(rows)
    return pd.DataFrame(
        {
            speak("how_well.col_eps_m"): [f"{one.eps_m:g} m" for one in rows],
            speak("how_well.col_min_samples"): [one.min_samples for one in rows],
            speak("how_well.col_caught"): [f"{100 * one.mean_hit_share:.1f} %" for one in rows],
            speak("how_well.col_mean_areas"): [f"{one.mean_areas:.0f}" for one in rows],
            speak("how_well.col_role"): [
                _role(one, suggested, is_comparable=one in comparable) for one in rows
            ],
        }
    )


def _role(one: Tried, suggested: Tried | None, *, is_comparable: bool) -> str:
    if one == suggested:
        return speak("how_well.role_suggested")
    return "" if is_comparable else speak("how_well.role_little_land")
