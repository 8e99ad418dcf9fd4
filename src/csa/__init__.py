"""Core service areas: where gun violence concentrates, how sure we are, and what is done there.

The names below are the library; each is imported when it is first used. The examples of the
functions go on from here, with the made-up city of data/sample:

>>> import csa
>>> config = csa.load_city("config/sample.toml")
>>> city = csa.City(config, csa.ingest_city(config, "data/sample").dataset)
>>> proposal = csa.propose_areas(city)
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from csa.analysis.analysis import Analysis
    from csa.areas.analysis import propose_areas
    from csa.areas.backtest.comparison import MethodComparison
    from csa.areas.backtest.origins import Backtest, BacktestSpec, backtest_areas
    from csa.areas.choices import AreaSettings, Suggestion
    from csa.areas.concentration import (
        Concentration,
        find_hot_cells,
        generalized_gini,
        gini,
        measure_concentration,
        share_of_land_for,
    )
    from csa.areas.forming import label_clusters
    from csa.areas.locating import locate_incidents
    from csa.areas.ordering import Weights
    from csa.areas.priority.assessment import AreaAssessment, assess_areas, prioritize
    from csa.areas.priority.draw import Draw, Entrant, Slot, draw_start_order
    from csa.areas.proposal import Proposal, choose_areas
    from csa.areas.shrinkage import Estimate, Prior, fit_prior, marshall_rates, shrink
    from csa.areas.study_area import StudyArea
    from csa.base.errors import (
        ConfigError,
        CrsError,
        CsaError,
        OutputError,
        ParamError,
        PeriodError,
        PrivacyError,
        SourceError,
        TableError,
    )
    from csa.base.message import Message
    from csa.base.params import AreaParams, DbscanParams, Month, Period
    from csa.change.analyze import Displacement, analyze_displacement
    from csa.change.classic_measures import (
        PatternChange,
        Wdd,
        WddPart,
        Wdq,
        WeightedChange,
        compare_patterns,
        measure_wdd,
        measure_wdq,
    )
    from csa.change.emerging import Trend, mann_kendall
    from csa.change.expectation import measure_dispersion
    from csa.change.follow import Change
    from csa.change.past import PastCohort
    from csa.change.season import MonthCompared, compare_month
    from csa.change.verdict import AreaResult
    from csa.city.config import CityConfig
    from csa.city.dataset import City, Dataset, open_city, open_dataset, save_dataset
    from csa.city.loading import load_city
    from csa.city.preregistration import Verdict
    from csa.city.selection import AreaSelection, read_areas
    from csa.disclosure.keys import Secret
    from csa.disclosure.published import Publication
    from csa.geo.cells import bin_points, cover_study_area, draw_cells, find_neighbors
    from csa.geo.neighborhoods import assign_neighborhoods, estimate_population
    from csa.ingest.intake import Intake, ingest_city
    from csa.ingest.risk_layers import FactorLayer
    from csa.ingest.sources import Inputs
    from csa.program.plan.items import Plan
    from csa.program.plan.loading import load_plan
    from csa.program.store.records import Records
    from csa.reports.making import make_report
    from csa.reports.month.facts import Facts
    from csa.reports.month.gathering import gather_month
    from csa.reports.public.bundle import publish_bundle
    from csa.reports.public.facts import PublicFacts
    from csa.reports.public.gathering import gather_public
    from csa.risk.near_repeat import NearRepeat, measure_near_repeats
    from csa.risk.terrain import RiskFactor, RiskModel, fit_risk_terrain
    from csa.synthetic.sample import make_sample

_MODULES = {
    "Analysis": "csa.analysis.analysis",
    "AreaAssessment": "csa.areas.priority.assessment",
    "AreaParams": "csa.base.params",
    "AreaResult": "csa.change.verdict",
    "Backtest": "csa.areas.backtest.origins",
    "BacktestSpec": "csa.areas.backtest.origins",
    "Change": "csa.change.follow",
    "AreaSettings": "csa.areas.choices",
    "AreaSelection": "csa.city.selection",
    "City": "csa.city.dataset",
    "CityConfig": "csa.city.config",
    "Concentration": "csa.areas.concentration",
    "ConfigError": "csa.base.errors",
    "CrsError": "csa.base.errors",
    "CsaError": "csa.base.errors",
    "Dataset": "csa.city.dataset",
    "DbscanParams": "csa.base.params",
    "Displacement": "csa.change.analyze",
    "Draw": "csa.areas.priority.draw",
    "Entrant": "csa.areas.priority.draw",
    "Estimate": "csa.areas.shrinkage",
    "FactorLayer": "csa.ingest.risk_layers",
    "Facts": "csa.reports.month.facts",
    "Inputs": "csa.ingest.sources",
    "Intake": "csa.ingest.intake",
    "Message": "csa.base.message",
    "MethodComparison": "csa.areas.backtest.comparison",
    "Month": "csa.base.params",
    "MonthCompared": "csa.change.season",
    "NearRepeat": "csa.risk.near_repeat",
    "OutputError": "csa.base.errors",
    "ParamError": "csa.base.errors",
    "PastCohort": "csa.change.past",
    "PatternChange": "csa.change.classic_measures",
    "Period": "csa.base.params",
    "PeriodError": "csa.base.errors",
    "Plan": "csa.program.plan.items",
    "Prior": "csa.areas.shrinkage",
    "PrivacyError": "csa.base.errors",
    "Proposal": "csa.areas.proposal",
    "PublicFacts": "csa.reports.public.facts",
    "Publication": "csa.disclosure.published",
    "Records": "csa.program.store.records",
    "RiskFactor": "csa.risk.terrain",
    "RiskModel": "csa.risk.terrain",
    "Secret": "csa.disclosure.keys",
    "Slot": "csa.areas.priority.draw",
    "SourceError": "csa.base.errors",
    "StudyArea": "csa.areas.study_area",
    "Suggestion": "csa.areas.choices",
    "TableError": "csa.base.errors",
    "Trend": "csa.change.emerging",
    "Verdict": "csa.change.verdict",
    "Wdd": "csa.change.classic_measures",
    "WddPart": "csa.change.classic_measures",
    "Wdq": "csa.change.classic_measures",
    "WeightedChange": "csa.change.classic_measures",
    "Weights": "csa.areas.ordering",
    "analyze_displacement": "csa.change.analyze",
    "assess_areas": "csa.areas.priority.assessment",
    "assign_neighborhoods": "csa.geo.neighborhoods",
    "backtest_areas": "csa.areas.backtest.origins",
    "bin_points": "csa.geo.cells",
    "choose_areas": "csa.areas.proposal",
    "compare_month": "csa.change.season",
    "compare_patterns": "csa.change.classic_measures",
    "cover_study_area": "csa.geo.cells",
    "draw_cells": "csa.geo.cells",
    "draw_start_order": "csa.areas.priority.draw",
    "estimate_population": "csa.geo.neighborhoods",
    "find_hot_cells": "csa.areas.concentration",
    "find_neighbors": "csa.geo.cells",
    "fit_prior": "csa.areas.shrinkage",
    "fit_risk_terrain": "csa.risk.terrain",
    "gather_month": "csa.reports.month.gathering",
    "gather_public": "csa.reports.public.gathering",
    "generalized_gini": "csa.areas.concentration",
    "gini": "csa.areas.concentration",
    "ingest_city": "csa.ingest.intake",
    "label_clusters": "csa.areas.forming",
    "load_city": "csa.city.loading",
    "load_plan": "csa.program.plan.loading",
    "locate_incidents": "csa.areas.locating",
    "make_report": "csa.reports.making",
    "make_sample": "csa.synthetic.sample",
    "mann_kendall": "csa.change.emerging",
    "marshall_rates": "csa.areas.shrinkage",
    "measure_concentration": "csa.areas.concentration",
    "measure_dispersion": "csa.change.expectation",
    "measure_near_repeats": "csa.risk.near_repeat",
    "measure_wdd": "csa.change.classic_measures",
    "measure_wdq": "csa.change.classic_measures",
    "open_city": "csa.city.dataset",
    "open_dataset": "csa.city.dataset",
    "prioritize": "csa.areas.priority.assessment",
    "propose_areas": "csa.areas.analysis",
    "publish_bundle": "csa.reports.public.bundle",
    "read_areas": "csa.city.selection",
    "save_dataset": "csa.city.dataset",
    "share_of_land_for": "csa.areas.concentration",
    "shrink": "csa.areas.shrinkage",
}
"""Exported name to the module that it is defined in."""

_OF_TABLES, _READER = ("City", "propose_areas"), "csa.workflow.frames"
"""What takes a table of points too, and what makes a city of it: floors that only this page has."""

__all__ = [
    "Analysis",
    "AreaAssessment",
    "AreaParams",
    "AreaResult",
    "AreaSelection",
    "AreaSettings",
    "Backtest",
    "BacktestSpec",
    "Change",
    "City",
    "CityConfig",
    "Concentration",
    "ConfigError",
    "CrsError",
    "CsaError",
    "Dataset",
    "DbscanParams",
    "Displacement",
    "Draw",
    "Entrant",
    "Estimate",
    "FactorLayer",
    "Facts",
    "Inputs",
    "Intake",
    "Message",
    "MethodComparison",
    "Month",
    "MonthCompared",
    "NearRepeat",
    "OutputError",
    "ParamError",
    "PastCohort",
    "PatternChange",
    "Period",
    "PeriodError",
    "Plan",
    "Prior",
    "PrivacyError",
    "Proposal",
    "PublicFacts",
    "Publication",
    "Records",
    "RiskFactor",
    "RiskModel",
    "Secret",
    "Slot",
    "SourceError",
    "StudyArea",
    "Suggestion",
    "TableError",
    "Trend",
    "Verdict",
    "Wdd",
    "WddPart",
    "Wdq",
    "WeightedChange",
    "Weights",
    "analyze_displacement",
    "assess_areas",
    "assign_neighborhoods",
    "backtest_areas",
    "bin_points",
    "choose_areas",
    "compare_month",
    "compare_patterns",
    "cover_study_area",
    "draw_cells",
    "draw_start_order",
    "estimate_population",
    "find_hot_cells",
    "find_neighbors",
    "fit_prior",
    "fit_risk_terrain",
    "gather_month",
    "gather_public",
    "generalized_gini",
    "gini",
    "ingest_city",
    "label_clusters",
    "load_city",
    "load_plan",
    "locate_incidents",
    "make_report",
    "make_sample",
    "mann_kendall",
    "marshall_rates",
    "measure_concentration",
    "measure_dispersion",
    "measure_near_repeats",
    "measure_wdd",
    "measure_wdq",
    "open_city",
    "open_dataset",
    "prioritize",
    "propose_areas",
    "publish_bundle",
    "read_areas",
    "save_dataset",
    "share_of_land_for",
    "shrink",
]


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - 40 ms of every command

        return version("core-service-areas")
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(module), name)
    if name in _OF_TABLES:
        import_module("csa.city.dataset").City.reader = partial(import_module, _READER)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the exported names beside what is always there."""
    return sorted({*globals(), *__all__})
