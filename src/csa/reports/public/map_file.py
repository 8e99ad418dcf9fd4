"""The public facts on the one map: published counts alone, in the app and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from csa.base.arrays import Ints
from csa.base.params import Month, last_day
from csa.base.text import ENGLISH, Translator
from csa.geo.cell_time import (
    CellTimeLayer,
    CellTimes,
    ground_map,
    ground_options,
    map_words,
    pack_area,
    pack_cells,
    size_words,
)
from csa.geo.cells import outline
from csa.geo.palette import PAPER, Palette, class_colors
from csa.reports.public.facts import PublicArea, PublicFacts
from csa.reports.public.words import (
    LEAST,
    area_state,
    city_count,
    map_name,
    marks_of,
    noun,
    period,
    quarter_words,
)

SHOWN = {"selected": "", "whole": True}


def public_message(
    facts: PublicFacts, language: str = ENGLISH, palette: Palette = PAPER
) -> dict[str, Any]:
    """Return what the map shows of the public facts, and of nothing else."""
    t = Translator(language)
    areas = [_area(area, facts, t) for area in facts.areas]
    return {**SHOWN, "areas": areas, "time": _time(facts, t, palette)}


def public_file(
    facts: PublicFacts, language: str, base: Any, bounds: Sequence[Sequence[float]]
) -> bytes:
    """Write the map as one web page that asks for nothing; `base` is its ground, without counts."""
    t, mark = Translator(language), " · ".join(marks_of(facts, language))
    options = ground_options(base, bounds, PAPER, units=facts.units, t=t)
    made = ground_map({**options, "source": facts.source, "mark": mark})
    CellTimeLayer(public_message(facts, language)).add_to(made)
    content: str = made.get_root().render()
    return content.encode()


def _area(area: PublicArea, facts: PublicFacts, t: Translator) -> dict[str, Any]:
    count = t("label.pair", name=noun(facts, t), text=city_count(area.count, t))
    lines = [area_state(area, t), t("label.comma", name=count, text=period(facts, t))]
    shape = outline(area.ground)
    drawn = pack_area(area.key, map_name(area, facts, t), shape, lines, letter=area.letter)
    drawn["properties"]["core"] = bool(area.letter)
    return drawn


def _time(facts: PublicFacts, t: Translator, palette: Palette) -> dict[str, Any] | None:
    """Pack the cells with published counts, as one step of time."""
    known = {int(one.cell, 16): one.count for one in facts.cells if one.count}
    if not known:
        return None
    cells = np.array(sorted(known), dtype=np.uint64)
    ends: Ints = np.cumsum([known[cell] for cell in cells.tolist()])
    first, until = Month.parse(facts.start), Month.parse(facts.until)
    steps = np.zeros(ends[-1], dtype=np.int64)
    times = CellTimes(cells, ends, steps, first, 1, until.index - first.index)
    drawn = [(pack_cells(cells), dict(zip(cells.tolist(), range(len(cells)), strict=True)))]
    no_areas: tuple[Sequence[str], Ints] = ((), np.zeros(len(cells), dtype=np.int64))
    through = last_day(until.plus(-1))
    message = times.to_message(drawn, palette, (first, until), no_areas, through=through)
    highest = max(known.values())
    bounds = [highest if one.high is None else one.high for one in facts.classes[1:]]
    when, size = period(facts, t), size_words(cells, facts.units, t)
    source = {"quarter": quarter_words(facts.quarter, t), "source": facts.source}
    return message | {
        "bounds": bounds,
        "least": LEAST,
        "total": facts.n_incidents,
        "palette": class_colors(len(facts.classes), palette)[1:],
        "titles": [t("map.published", what=noun(facts, t), when=when, size=size)],
        "names": times.names(t=t),
        "words": map_words(t),
        "note": t("map.published_note", changed=t("public.changed"), **source),
    }
