"""Why here, and what could be done: one area's answer, for its page, its sheet and the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from csa.base.crs import LONLAT, METERS_PER_FOOT
from csa.base.text import Translator
from csa.city.config import CityConfig
from csa.city.dataset import City
from csa.city.loading import EvidenceStudy
from csa.geo.cells import CellSet, cell_resolution, from_text, outline, refine
from csa.geo.services import count_kinds, count_services, gaps, places_inside


@dataclass(frozen=True)
class AreaFactor:
    """A factor that holds in an area.

    Fields: `layer`, `form`, `extent_m`, `at_least`, `rrv`, `low`, `high`, `control`, `share`,
    `source`, `as_of`.
    """

    layer: str  # the places, in the plural
    form: str  # `near` or `many`
    extent_m: float  # meters from a block's center
    at_least: int  # how many places are within it: 1, or what counts as many
    rrv: float  # times as many incidents as elsewhere in the same part of the city
    low: float  # with `high`, its 90% interval
    high: float
    control: float  # nine in ten as many places put where shootings are reach this or less
    share: float  # of the area's cells it holds in so many
    source: str  # who keeps the layer
    as_of: str  # day that it is of; empty where not known


def factors_in(kept: Mapping[str, Any], area: CellSet) -> list[AreaFactor]:
    """List the factors that hold in an area, the one that holds in most of it first."""
    layers = {one["name"]: one for one in kept["layers"]}
    found = []
    for factor, texts in zip(kept["factors"], kept["places"], strict=True):
        places = frozenset(from_text(texts).tolist())
        own = refine(area, cell_resolution(min(places))) if places else area
        share = len(own & places) / len(own) if own else 0.0
        if share:
            layer = layers[factor["layer"]]
            names = ("form", "extent_m", "at_least", "rrv", "low", "high", "control")
            numbers = {name: factor[name] for name in names}
            about = {"source": layer["source"], "as_of": layer["as_of"]}
            found.append(AreaFactor(layer=factor["layer"], **numbers, share=share, **about))
    return sorted(found, key=lambda one: -one.share)


@dataclass(frozen=True)
class AreaExplanation:
    """What marks an area, what is there, and what helped elsewhere in such places."""

    factors: tuple[AreaFactor, ...] | None  # None where nobody has run `csa risk`
    services: pd.DataFrame | None = field(compare=False)  # as `count_services`; None without a list
    lacking: tuple[str, ...]  # kinds of the list with no service in or near the area
    vacant: Mapping[str, int] | None  # vacant land inside by kind; None without a list
    spots: tuple[tuple[str, float, float], ...]  # vacant land inside: kind, longitude, latitude
    studies: tuple[EvidenceStudy, ...]  # about kinds of place that are here


def explain_area(
    city: City,
    area: CellSet,
    kept: Mapping[str, Any] | None,
    studies: Sequence[EvidenceStudy] = (),
) -> AreaExplanation:
    """Find what marks an area, its services and vacant land, and what studies are about these."""
    shape = outline(area)
    factors = None if kept is None else tuple(factors_in(kept, area))
    services, lacking = _services(city, shape)
    vacant = city.dataset.vacant_land
    counts = None if vacant is None else count_kinds(shape, vacant)
    present = [kind for kind, n in (counts or {}).items() if n]
    present += [one.layer for one in factors or ()]
    return AreaExplanation(
        factors,
        services,
        lacking,
        counts,
        () if vacant is None else _spots(places_inside(shape, vacant)),
        () if kept is None else tuple(one for one in studies if one.is_about(present)),
    )


def within(here: AreaExplanation, shape: shapely.Geometry) -> AreaExplanation:
    """Keep the vacant land that lies in another outline, such as the one the public is shown."""
    shapely.prepare(shape)
    spots = tuple(one for one in here.spots if shapely.intersects_xy(shape, one[1], one[2]))
    kinds = [kind for kind, _, _ in spots]
    counts = None if here.vacant is None else {kind: kinds.count(kind) for kind in here.vacant}
    return replace(here, vacant=counts, spots=spots)


def _services(city: City, shape: shapely.Geometry) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    listed, config = city.dataset.services, city.config.services
    if listed is None or config is None:
        return None, ()
    area = gpd.GeoDataFrame({"area_id": ["here"]}, geometry=[shape], crs=LONLAT)
    table = count_services(area, listed, config.near_m, city.config.city.metric_crs)
    return table, gaps(table).get("here", ())


def _spots(here: gpd.GeoDataFrame) -> tuple[tuple[str, float, float], ...]:
    return tuple(zip(here["kind"], here.geometry.x, here.geometry.y, strict=True))


def format_extent(meters: float, units: str, t: Translator) -> str:
    """Format a factor's extent in the city's units."""
    if units == "us":
        return t("why_line.feet", feet=round(meters / METERS_PER_FOOT, -1))
    return t("why_line.meters", meters=round(meters, -1))


def where_words(factor: AreaFactor, units: str, t: Translator) -> str:
    """Describe how far around its places a factor reaches."""
    extent = format_extent(factor.extent_m, units, t)
    if factor.form == "near":
        return t("why_line.near", extent=extent)
    return t("why_line.many", extent=extent, n=factor.at_least)


def times_words(factor: AreaFactor, t: Translator) -> str:
    """State how many times as many shootings are near a factor's places, and how sure that is."""
    key = "why_line.times_marker" if factor.rrv <= factor.control else "why_line.times"
    return t(key, rrv=factor.rrv, low=factor.low, high=factor.high)


def layer_words(layer: str, config: CityConfig, t: Translator) -> str:
    """Name a layer's places."""
    for language, words in () if config.risk is None else config.risk.names.items():
        if language == t.language:
            return words.get(layer, layer)
    return layer


def factor_words(factor: AreaFactor, config: CityConfig, t: Translator) -> str:
    """Describe a factor of an area in one line: its places, how far, how much, how sure."""
    return t(
        "why_line.factor",
        places=layer_words(factor.layer, config, t),
        where=where_words(factor, config.city.units, t),
        times=times_words(factor, t),
    )


def study_words(study: EvidenceStudy, t: Translator) -> str:
    """Describe what was tried elsewhere and what came of it, in one line with its source."""
    words = study.words(t.language)
    values = {"what": words.what, "effect": words.effect_text, "design": words.design}
    return t("why_line.study", **values, source=study.source)
