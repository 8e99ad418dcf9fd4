"""The maps of a report: the city with its areas, and the streets of one area."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from csa.base.errors import CsaError
from csa.base.text import Translator, render
from csa.geo.palette import count_bounds
from csa.reports.document import Block, Bullets, Heading, Paragraph, Picture
from csa.reports.editions.phrases import area_name, counted, kind_word, period_words
from csa.reports.maps.sheet import MapArea, MapSheet
from csa.reports.month.facts import AreaFacts, Facts, Unserved

Draw: TypeAlias = Callable[[MapSheet], bytes]
"""Draws a sheet as a PNG; raises a `CsaError` if it cannot."""

MAX_ON_WALK = 12
"""Most services on a walk sheet: nobody reads a longer list on the street."""


def where(facts: Facts, t: Translator, draw: Draw) -> list[Block]:
    """Show the map of the city and its areas below its title."""
    title, what = Heading(t("label.concentration")), counted(facts, t)
    period = period_words(facts, t)
    alt = t("report.map_alt", n=len(facts.areas), city=facts.config.city.name, period=period)
    try:
        png = draw(_city_sheet(facts, t))
    except CsaError as error:
        why = render(error.message, t.language)
        return [title, Picture(None, alt, missing=t("report.map_missing", why=why))]
    caption = "report.map_unserved" if facts.unserved else "report.map_caption"
    picture = Picture(png, alt, t(caption, what=what, period=period))
    return [title, picture, *_zones(facts, t)]


def _zones(facts: Facts, t: Translator) -> list[Block]:
    """List the zones, dashed on the map, with what their boundaries hold."""
    lines = []
    for zone, own in facts.zones:
        ends = str(own.period.start), str(own.period.until.plus(-1))
        span = t("term.span", first=t.month(ends[0]), last=t.month(ends[1]))
        said = t("zone.counted", n=own.incidents, homicides=own.homicides, span=span)
        lines.append(t("term.pair", name=zone.place_name, text=said))
    return [Paragraph(t("report.zones"), is_faint=True), Bullets(tuple(lines))] if lines else []


def walk_map(facts: Facts, area: AreaFacts, t: Translator, draw: Draw) -> Picture:
    """Draw an area's streets and the services there, without any counts."""
    alt = t("report.walk_map_alt", area=area_name(area, t))
    try:
        png = draw(_walk_sheet(facts, area, t))
    except CsaError:  # the internal editions say why
        return Picture(None, alt, missing=t("report.walk_missing"))
    return Picture(png, alt, t("report.walk_map_caption"), width_share=0.62)


def _city_sheet(facts: Facts, t: Translator) -> MapSheet:
    cells = tuple(sorted(facts.ground.counts))
    counts = np.array([facts.ground.counts[cell] for cell in cells], dtype=np.int64)
    upper = count_bounds(counts)
    levels = np.searchsorted(np.asarray(upper), counts, side="left").tolist()
    lower = (1, *(bound + 1 for bound in upper[:-1]))
    class_words = tuple(
        t("public.class_one" if low == high else "public.class_range", low=low, high=high)
        for low, high in zip(lower, upper, strict=True)
    )
    return _sheet(
        facts,
        t,
        cells=tuple(zip(cells, levels, strict=True)),
        class_words=class_words,
        areas=facts.areas,
        zones=tuple(zone.shape for zone, _ in facts.zones),
        unserved=facts.unserved,
        legend_title=t("report.map_legend", what=counted(facts, t)),
        date_line=period_words(facts, t),
    )


def _walk_sheet(facts: Facts, area: AreaFacts, t: Translator) -> MapSheet:
    near = () if area.help is None else area.help.near[:MAX_ON_WALK]
    return _sheet(
        facts,
        t,
        areas=(area,),
        date_line=t.month(str(facts.month)),
        source_line=facts.config.basemap.source,
        focus=area.shape,
        services=tuple((one.name, one.lon, one.lat, one.number) for one in near),
        spots=tuple((kind_word(facts, kind, t), *at) for kind, *at in area.why.spots),
        street_names=True,
    )


def _sheet(
    facts: Facts,
    t: Translator,
    *,
    areas: tuple[AreaFacts, ...],
    unserved: tuple[Unserved, ...] = (),
    **of: object,
) -> MapSheet:
    city, ground = facts.config.city, facts.ground
    given = {"source_line": facts.config.public.source} | of
    return MapSheet(
        study_area=ground.study_area,
        neighborhoods=ground.neighborhoods[["name", "geometry"]],
        layers=ground.layers,
        areas=(
            *(MapArea(own.letter, own.place_name, own.shape, own.is_served) for own in areas),
            *(MapArea("", one.name, one.shape, is_served=False) for one in unserved),
        ),
        is_synthetic=city.is_synthetic,
        units=city.units,
        metric_crs=city.metric_crs,
        language=t.language,
        **given,  # type: ignore[arg-type]
    )
