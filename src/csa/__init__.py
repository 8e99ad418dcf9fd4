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
    from csa.analysis.analysis import Analysis as Analysis
    from csa.areas.analysis import propose_areas as propose_areas
    from csa.areas.backtest.comparison import MethodComparison as MethodComparison
    from csa.areas.backtest.origins import (
        Backtest as Backtest,
        BacktestSpec as BacktestSpec,
        backtest_areas as backtest_areas,
    )
    from csa.areas.choices import AreaSettings as AreaSettings, Suggestion as Suggestion
    from csa.areas.concentration import (
        Concentration as Concentration,
        find_hot_cells as find_hot_cells,
        generalized_gini as generalized_gini,
        gini as gini,
        measure_concentration as measure_concentration,
        share_of_land_for as share_of_land_for,
    )
    from csa.areas.forming import label_clusters as label_clusters
    from csa.areas.locating import locate_incidents as locate_incidents
    from csa.areas.ordering import Weights as Weights
    from csa.areas.priority.assessment import (
        AreaAssessment as AreaAssessment,
        assess_areas as assess_areas,
        prioritize as prioritize,
    )
    from csa.areas.proposal import Proposal as Proposal, choose_areas as choose_areas
    from csa.areas.shrinkage import (
        Estimate as Estimate,
        Prior as Prior,
        fit_prior as fit_prior,
        marshall_rates as marshall_rates,
        shrink as shrink,
    )
    from csa.areas.study_area import StudyArea as StudyArea
    from csa.base.errors import (
        ConfigError as ConfigError,
        CrsError as CrsError,
        CsaError as CsaError,
        OutputError as OutputError,
        ParamError as ParamError,
        PeriodError as PeriodError,
        PrivacyError as PrivacyError,
        SourceError as SourceError,
        TableError as TableError,
    )
    from csa.base.message import Message as Message
    from csa.base.params import (
        AreaParams as AreaParams,
        DbscanParams as DbscanParams,
        Month as Month,
        Period as Period,
    )
    from csa.change.analyze import (
        Displacement as Displacement,
        analyze_displacement as analyze_displacement,
    )
    from csa.change.expectation import measure_dispersion as measure_dispersion
    from csa.change.follow import Change as Change
    from csa.change.past import PastCohort as PastCohort
    from csa.change.season import MonthCompared as MonthCompared, compare_month as compare_month
    from csa.change.verdict import AreaResult as AreaResult
    from csa.city.config import CityConfig as CityConfig
    from csa.city.dataset import (
        City as City,
        Dataset as Dataset,
        open_city as open_city,
        open_dataset as open_dataset,
        save_dataset as save_dataset,
    )
    from csa.city.loading import load_city as load_city
    from csa.city.preregistration import Verdict as Verdict
    from csa.city.selection import AreaSelection as AreaSelection, read_areas as read_areas
    from csa.disclosure.keys import Secret as Secret
    from csa.disclosure.published import Publication as Publication
    from csa.geo.cells import (
        bin_points as bin_points,
        cover_study_area as cover_study_area,
        draw_cells as draw_cells,
        find_neighbors as find_neighbors,
    )
    from csa.geo.neighborhoods import (
        assign_neighborhoods as assign_neighborhoods,
        estimate_population as estimate_population,
    )
    from csa.ingest.intake import Intake as Intake, ingest_city as ingest_city
    from csa.ingest.sources import Inputs as Inputs
    from csa.program.plan.items import Plan as Plan
    from csa.program.plan.loading import load_plan as load_plan
    from csa.program.store.records import Records as Records
    from csa.reports.making import make_report as make_report
    from csa.reports.month.facts import Facts as Facts
    from csa.reports.month.gathering import gather_month as gather_month
    from csa.reports.public.bundle import publish_bundle as publish_bundle
    from csa.reports.public.facts import PublicFacts as PublicFacts
    from csa.reports.public.gathering import gather_public as gather_public
    from csa.synthetic.sample import make_sample as make_sample

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
    "Estimate": "csa.areas.shrinkage",
    "Facts": "csa.reports.month.facts",
    "Inputs": "csa.ingest.sources",
    "Intake": "csa.ingest.intake",
    "Message": "csa.base.message",
    "MethodComparison": "csa.areas.backtest.comparison",
    "Month": "csa.base.params",
    "MonthCompared": "csa.change.season",
    "OutputError": "csa.base.errors",
    "ParamError": "csa.base.errors",
    "PastCohort": "csa.change.past",
    "Period": "csa.base.params",
    "PeriodError": "csa.base.errors",
    "Plan": "csa.program.plan.items",
    "Prior": "csa.areas.shrinkage",
    "PrivacyError": "csa.base.errors",
    "Proposal": "csa.areas.proposal",
    "PublicFacts": "csa.reports.public.facts",
    "Publication": "csa.disclosure.published",
    "Records": "csa.program.store.records",
    "Secret": "csa.disclosure.keys",
    "SourceError": "csa.base.errors",
    "StudyArea": "csa.areas.study_area",
    "Suggestion": "csa.areas.choices",
    "TableError": "csa.base.errors",
    "Verdict": "csa.change.verdict",
    "Weights": "csa.areas.ordering",
    "analyze_displacement": "csa.change.analyze",
    "assess_areas": "csa.areas.priority.assessment",
    "assign_neighborhoods": "csa.geo.neighborhoods",
    "backtest_areas": "csa.areas.backtest.origins",
    "bin_points": "csa.geo.cells",
    "choose_areas": "csa.areas.proposal",
    "compare_month": "csa.change.season",
    "cover_study_area": "csa.geo.cells",
    "draw_cells": "csa.geo.cells",
    "estimate_population": "csa.geo.neighborhoods",
    "find_hot_cells": "csa.areas.concentration",
    "find_neighbors": "csa.geo.cells",
    "fit_prior": "csa.areas.shrinkage",
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
    "marshall_rates": "csa.areas.shrinkage",
    "measure_concentration": "csa.areas.concentration",
    "measure_dispersion": "csa.change.expectation",
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

__all__ = sorted(_MODULES)  # type checkers read the names above


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
