"""The answer to *where*, in sentences: why there is no area, what is in none, and what to check.

The command, the pages and the editions show the same sentences, each where it has room for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from csa.areas.proposal import Proposal
from csa.areas.sufficiency import years_to_show
from csa.areas.window import describe_period, uses_suggested
from csa.base.message import Message, msg
from csa.base.params import LAND_SHARE, Month
from csa.base.text import land_percent, month, percent


def describe_no_area(proposal: Proposal) -> Message | None:
    """Describe why there is no candidate area, and what to do; None where there are some."""
    summary = proposal.summary
    totals, params = summary["totals"], summary["params"]
    period = describe_period(params)
    n = totals["located"]
    if not n:
        return msg("find.empty", period=period)
    if not proposal.is_empty:
        return None
    if proposal.is_all_suspect:
        return msg("find.all_suspect", n=n, period=period, suspect=totals["located_suspect"])
    key = "find.none_fits" if summary["left_out_fringe"]["incidents"] else "find.none"
    chosen = {name: params[name] for name in ("eps_m", "min_samples")}
    return msg(key, n=n, period=period, **chosen)


def describe_values(proposal: Proposal) -> Message:
    """Describe the radius and minimum: the suggested ones, or others; and where those come from."""
    summary, params = proposal.summary, proposal.summary["params"]
    suggested = params["suggested"]
    goal = land_percent(LAND_SHARE, is_estimated=summary["land_is_estimated"])
    sources = {
        "the data": msg("controls.by_data", land=goal),
        "past years": msg("controls.by_past_years"),
        "city file": msg("controls.by_city_file"),
    }
    return msg(
        "find.values" if uses_suggested(params) else "find.other_values",
        eps_m=params["eps_m"],
        min_samples=params["min_samples"],
        suggested_m=suggested["eps_m"],
        suggested_min=suggested["min_samples"],
        source=sources[params["suggested_by"]],
        n=summary["totals"]["located"],
    )


def describe_left_out(proposal: Proposal) -> Iterator[Message]:
    """List what is in no area: just outside, on no map, and as dense but with too few to serve."""
    summary = proposal.summary
    if n_fringe := summary["left_out_fringe"]["incidents"]:
        yield msg("find.just_outside", n=n_fringe)
    yield from describe_unmapped(summary)
    if n_corners := summary["corners"]["n"]:
        yield msg("find.corners", n=n_corners, least=summary["params"]["least_a_year"])


def describe_unmapped(summary: Mapping[str, Any]) -> Iterator[Message]:
    """Count the incidents that are on no map, by the reason."""
    totals = summary["totals"]
    unlocated, outside = totals["unlocated"], totals["outside_study_area"]
    if n := unlocated + outside:
        values = {"of": totals["incidents"], "unlocated": unlocated, "outside": outside}
        yield msg("find.unmapped", n=n, **values)


def describe_gaps(summary: Mapping[str, Any]) -> Iterator[Message]:
    """List months that the data do not cover, and months in which the city has no incident."""
    params, silent = summary["params"], summary["silent"]
    if params["months_covered"] < params["months"]:
        yield msg("find.covered", n=params["months_covered"], months=params["months"])
    if silent:
        # Months in a row are one span: each differs from its position in the list by as much.
        numbered = enumerate(map(Month.parse, silent))
        runs = groupby(numbered, lambda pair: pair[1].index - pair[0])
        spans = [[month(str(name)) for _, name in run] for _, run in runs]
        names = [
            str(msg("term.span", first=span[0], last=span[-1])) if len(span) > 1 else span[0]
            for span in spans
        ]
        yield msg("find.silent", n=len(silent), months=", ".join(names))


def describe_cautions(proposal: Proposal) -> Iterator[Message]:
    """List what may be wrong: months not covered or empty, values of another city's file."""
    summary = proposal.summary
    yield from describe_gaps(summary)
    is_too_little = proposal.covers_little and not proposal.is_all_suspect
    if is_too_little and summary["params"]["suggested_by"] == "city file":
        yield msg("find.other_city", share=_land_share(summary))


def describe_support(proposal: Proposal) -> Iterator[Message]:
    """Describe what the data are enough for: land, areas, and years until a change can show."""
    summary, areas = proposal.summary, proposal.areas
    params = summary["params"]
    if proposal.is_empty:
        return
    if proposal.covers_little and params["suggested_by"] == "the data":
        yield msg("find.supports", n=len(areas), least=params["least_a_year"])
        yield msg("find.little_land", share=_land_share(summary), goal=percent(LAND_SHARE))
    # An area whose count chance may explain has no expected number.
    a_year = areas["expected"].dropna() * 12 / params["months_covered"]
    if len(a_year) and (n_years := years_to_show(float(a_year.min()))) > 1:
        yield msg("find.years", n=n_years, expected=float(a_year.min()))


def _land_share(summary: Mapping[str, Any]) -> str:
    share = summary["share_of_study_area"] or 0.0
    return land_percent(share, is_estimated=summary["land_is_estimated"])
