"""Who lives in the areas, and what happens to areas when one neighborhood's reports double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.proposal import area_records
from csa.base.crs import to_meters
from csa.base.text import ENGLISH, Translator
from csa.city.dataset import City
from csa.geo.cells import centers, draw_cells
from csa.geo.neighborhoods import assign_neighborhoods
from csa.reports.document import Block, Bullets, Paragraph, Table
from csa.reports.public.facts import (
    PublicArea,
    PublicDoubled,
    PublicFacts,
    PublicFairness,
    PublicGroup,
    PublicPlace,
)
from csa.reports.public.pages import Section
from csa.reports.public.window import PublicWindow

SAME = 0.5
"""Share of two areas' common cells from which both are the same area."""
ROUND = 100
"""Shares are told in whole percent."""


@dataclass(frozen=True)
class Census:
    """A census layer: places with people, and each group's share of them."""

    places: gpd.GeoDataFrame  # `people`, and a column of shares (0 to 1) for each group
    groups: Mapping[str, Mapping[str, str]]  # column to name by language


def gather_fairness(
    window: PublicWindow,
    city: City,
    choices: AreaSettings,
    areas: Sequence[PublicArea],
    districts: Sequence[PublicPlace],
    census: Census | None,
) -> PublicFairness:
    """Gather what the fairness page says of a city."""
    cells = sorted({cell for area in areas for cell in area.ground})
    people: int | None = None
    groups: tuple[PublicGroup, ...] = ()
    if census is not None and cells:
        people, groups = _who(census, cells, city.config.city.metric_crs)
    doubled = propose_with_doubled_reports(window, city, choices, districts)
    return PublicFairness(people_percent=people, groups=groups, doubled=doubled)


def _who(
    census: Census, cells: Sequence[int], metric_crs: str
) -> tuple[int | None, tuple[PublicGroup, ...]]:
    """Share people out over the land of their places, and add up those in the areas."""
    places = census.places
    shapes = to_meters(places.geometry, metric_crs).make_valid()
    land = shapely.union_all(to_meters(draw_cells(cells), metric_crs).to_numpy())
    inside = shapes.intersection(land).area / shapes.area
    people = places["people"].fillna(0.0).to_numpy(dtype=float)
    here = people * inside.fillna(0.0).to_numpy(dtype=float)
    if not here.sum():
        return None, ()
    found = []
    for column, names in census.groups.items():
        share = places[column].to_numpy(dtype=float)
        known = np.isfinite(share)
        own, whole = (np.average(share[known], weights=w[known]) * ROUND for w in (here, people))
        found.append(PublicGroup(names=dict(names), areas=round(own), city=round(whole)))
    return round(ROUND * here.sum() / people.sum()), tuple(found)


def propose_with_doubled_reports(
    window: PublicWindow, city: City, choices: AreaSettings, districts: Sequence[PublicPlace]
) -> PublicDoubled | None:
    """Propose areas again as if one neighborhood had reported every shooting twice.

    The one with the highest number of those without an area, where more reports would bring one
    first; where each has an area, the one with the highest number.
    """
    told = [(not one.areas, one.count, one.name) for one in districts if one.count is not None]
    if not told:
        return None
    name = max(told)[2]
    incidents = window.dataset.incidents
    again = incidents[incidents["neighborhood"] == name]
    again = again.assign(incident_id=again["incident_id"].astype(str) + " again")
    both = pd.concat([incidents, again], ignore_index=True)
    wanted = replace(choices, until=window.period.until)
    datasets = window.dataset, replace(window.dataset, incidents=both)
    found = [propose_areas(replace(city, dataset=data), wanted).areas for data in datasets]
    before, after = ([frozenset(row["cells"]) for row in area_records(areas)] for areas in found)
    n_before, n_after = (
        sum(_is_in(cells, name, window) for cells in areas) for areas in (before, after)
    )
    others = [cells for cells in before if not _is_in(cells, name, window)]
    kept = sum(
        any(len(one & other) >= SAME * len(one | other) for other in after) for one in others
    )
    return PublicDoubled(
        name=name, before=n_before, after=n_after, others=len(others), others_kept=kept
    )


def _is_in(cells: frozenset[str], name: str, window: PublicWindow) -> bool:
    middle = centers(sorted(int(cell, 16) for cell in cells))
    named = assign_neighborhoods(middle["lon"], middle["lat"], window.dataset.neighborhoods)
    return bool((named == name).any())


# ---- The fairness page in words: who lives there, what reports see, who decides.


def fairness_sections(facts: PublicFacts, language: str = ENGLISH) -> tuple[Section, ...]:
    """Return the sections of the fairness page, in order."""
    t = Translator(language)
    fairness = facts.fairness or PublicFairness()
    seen = ("public.fair_seen", "public.fair_unseen", "public.fair_nothing_else")
    by = t("public.fair_by", who=facts.decided_by) if facts.decided_by else ""
    decides = (by or t("public.fair_by_nobody"), t("public.fair_for"))
    return (
        Section("who", t("public.fair_who"), _who_section(facts, fairness, t)),
        Section("see", t("public.fair_see"), (Bullets(tuple(t(key) for key in seen)),)),
        Section("double", t("public.fair_double"), _double(fairness.doubled, t)),
        Section("decides", t("public.fair_decides"), tuple(map(Paragraph, decides))),
    )


def _who_section(facts: PublicFacts, fairness: PublicFairness, t: Translator) -> tuple[Block, ...]:
    if not facts.areas:
        return (Paragraph(t("public.fair_none_there")),)
    if fairness.people_percent is None:
        return (Paragraph(t("public.fair_no_census")),)
    columns = (t("public.fair_group"), t("term.in_areas"), t("public.fair_city"))
    rows = tuple(
        (one.names.get(t.language, one.names[ENGLISH]), str(one.areas), str(one.city))
        for one in fairness.groups
    )
    return (
        Paragraph(t("public.fair_people", n=fairness.people_percent)),
        Table(t("public.fair_groups"), columns, rows, numeric=(1, 2)),
        Paragraph(t("public.fair_not_why")),
    )


def _double(doubled: PublicDoubled | None, t: Translator) -> tuple[Block, ...]:
    if doubled is None:
        said = [t("public.fair_not_tried")]
    else:
        name, before, after = doubled.name, doubled.before, doubled.after
        said = [
            t("public.fair_tried", name=name),
            t("public.fair_there", name=name, before=before, after=after),
            t("public.fair_others", others=doubled.others, kept=doubled.others_kept),
        ]
    return tuple(map(Paragraph, (*said, t("public.fair_so"))))
