"""The one place where computed values are cached, once for all viewers.

Keys are the session's key, which changes with the dataset, the city's file or what is stored beside
the dataset, and frozen choices, never a table. All readers share what is returned, so nothing may
change it. How many answers are held is bound; of a city as it was before, none are.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle  # nosec B403
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from pathlib import Path
from threading import Event, Lock
from types import MappingProxyType
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from plotly.basedatatypes import BaseFigure
from streamlit.runtime.caching.cache_utils import CachedFunc

from csa.analysis.analysis import Analysis
from csa.areas.analysis import (
    LEARNED,
    highest_risk,
    is_default,
    risk_in_area,
    services_near,
)
from csa.areas.backtest.by_risk import RiskOrderGain, load_risk_order
from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.recording import load_record
from csa.areas.choices import AreaSettings, city_choices
from csa.areas.explanation import AreaExplanation, explain_area
from csa.areas.locating import CELLS, cached_cells, locate_incidents
from csa.areas.places import candidate_rows, load_places, see
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.priority.files import AssessedProposal
from csa.areas.proposal import Proposal
from csa.areas.proposal_tables import export
from csa.areas.risk_score import fitted_risk, load_risk
from csa.areas.sheets import Sheet, build_sheet
from csa.areas.study_area import StudyArea
from csa.base.errors import CsaError
from csa.base.home import shipped
from csa.base.io import KEPT
from csa.base.logging import ProgressCallback, no_progress
from csa.city.config import CityConfig
from csa.city.dataset import MARKER, Dataset, open_dataset
from csa.city.loading import EvidenceStudy, load_city, load_evidence
from csa.geo.cells import AFAR, CellSet, parents
from csa.ingest.basemap_files import MARKER as BASEMAP_MARKER
from csa.program.registry import CoreArea
from csa.program.store.records import Records
from csa_app.shared import extras, theme
from csa_app.shared.city_session import CitySession, make_dataset
from csa_app.shared.following import Following
from csa_app.shared.geometry import (
    BaseGeometry,
    CellGeometry,
    RiskLayer,
    base_geometry,
    cell_geometry,
    fitted_geometry,
    places_geometry,
    risk_geometry,
)
from csa_app.shared.settings import deployment

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
KeyFunctions: TypeAlias = Mapping[str | type, Callable[[Any], Any]]

SETTINGS = 64
"""So many settings are held at a time: of each viewer that one server bears its own. With half as
many, fifty viewers at settings of their own took from one another what took seconds to compute."""

FIRST_PAGE_IS_OUT = Event()
"""What a first page can do without waits for this: of a server just started, it needs both itself
and the processors that its browser draws it with."""
FIRST_PAGE_IS_OUT.set()

_CACHES: dict[str, list[Any]] = {"incidents": [], "city": []}
_KEYS: dict[str, str] = {}
_LOCK = Lock()


# ---- How values are cached ------------------------------------------------------------------


def of_city(
    *, max_entries: int, keys: KeyFunctions | None = None
) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    """Make a decorator for what depends on anything about the city.

    A session is known by its key; of other large types `keys` has the key.
    """
    return _cached(max_entries, "city", {CitySession: lambda session: session.key, **(keys or {})})


def of_incidents(
    *, max_entries: int, keys: KeyFunctions | None = None
) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    """Make a decorator for what no record changes: its key is `CitySession.incidents_key`."""
    known: KeyFunctions = {CitySession: lambda session: session.incidents_key, **(keys or {})}
    return _cached(max_entries, "incidents", known)


def _cached(
    max_entries: int, subject: str, keys: KeyFunctions
) -> Callable[[Callable[Given, Answer]], CachedFunc[Given, Answer]]:
    def decorate(work: Callable[Given, Answer]) -> CachedFunc[Given, Answer]:
        remember = st.cache_resource(
            max_entries=max_entries, show_spinner=False, hash_funcs={frozenset: sorted, **keys}
        )
        cached = remember(work)
        _CACHES[subject].append(cached)
        return cached

    return decorate


def forget_others(session: CitySession) -> None:
    """Forget what was computed about the city as it was before this.

    Nobody can ask about an earlier one. A page that still works with it may leave an answer, which
    goes the next time.
    """
    for subject, key in (("incidents", session.incidents_key), ("city", session.key)):
        with _LOCK:
            is_other, _KEYS[subject] = _KEYS.get(subject, key) != key, key
        if is_other:
            for cached in _CACHES[subject]:
                cached.clear()


SHARED = (
    AreaAssessment,
    CellGeometry,
    CoreArea,
    Dataset,
    Following,
    Proposal,
    Records,
    StudyArea,
)
"""Frozen, large, and made once for all viewers: known by which object it is."""


class SentFigure(BaseFigure):  # type: ignore[misc]
    """A figure as it is sent to a browser: a live one takes eight times the memory."""

    def __init__(self, figure: BaseFigure) -> None:
        self._sent = figure.to_json(validate=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what `st.plotly_chart` asks of a figure."""
        return dict(json.loads(self._sent))


class _Content(pickle.Pickler):
    """Writes content; of a shared object, which it is."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.shared: list[object] = []

    def persistent_id(self, given: object) -> int | None:
        """Return a shared object's identity, and note the object."""
        if not isinstance(given, SHARED):
            return None
        self.shared.append(given)
        return id(given)

    def reducer_override(self, given: object) -> Any:
        """Write a read-only mapping as the mapping that it shows."""
        return (dict, (dict(given),)) if isinstance(given, MappingProxyType) else NotImplemented


def once(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Make a function that answers the same question once, whichever viewer asks.

    For a module's function that depends on nothing but what it is given and the viewer's colors.
    The key is the content of all that. Nothing may change the answer. A figure is answered as
    `SentFigure`.
    """
    name = f"{work.__module__}.{work.__qualname__}"
    if "<" in name:
        raise TypeError(f"{name} may depend on more than what it is given")

    @wraps(work)
    def answered(*given: Given.args, **named: Given.kwargs) -> Answer:
        written = io.BytesIO()
        content = _Content(written)
        try:
            content.dump((given, named))
        except (AttributeError, TypeError, pickle.PicklingError):  # no content of its own
            return work(*given, **named)
        key = hashlib.sha256(written.getbuffer()).digest()
        held = _answer(name, key, theme.is_dark(), work, given, named, content.shared)
        return held[0]  # type: ignore[no-any-return]

    return answered


@of_city(max_entries=500)
def _answer(
    name: str,
    key: bytes,
    is_dark: bool,  # noqa: FBT001
    _work: Callable[..., Any],
    _given: tuple[Any, ...],
    _named: dict[str, Any],
    _shared: list[object],
) -> tuple[Any, list[object]]:
    """Return the answer, with what it is about: while held, no other object has its identity."""
    answer = _work(*_given, **_named)
    return SentFigure(answer) if isinstance(answer, BaseFigure) else answer, _shared


# ---- The city -------------------------------------------------------------------------------


def open_city(progress: ProgressCallback = no_progress) -> CitySession:
    """Open this deployment's city; make its dataset from the city's files if there is none."""
    served = deployment()
    config, config_hash = _config(served.config, served.config.stat().st_mtime_ns)
    if not (served.dataset / MARKER).is_file():
        make_dataset(served, config, progress)
    version = (served.dataset / "current").resolve().name
    made_ns = (served.dataset / MARKER).stat().st_mtime_ns  # layers are in no fingerprint
    dataset = _dataset(served.dataset, version, made_ns)
    session = CitySession(
        config,
        dataset,
        served.dataset,
        incidents_key=f"{dataset.fingerprint[:16]}-{config_hash}-{version}-{made_ns}",
        records_key=_records_key(served.dataset),
    )
    forget_others(session)
    return session


def city_config() -> CityConfig:
    """Read the city's file alone, without its dataset."""
    path = deployment().config
    return _config(path, path.stat().st_mtime_ns)[0]


def _records_key(folder: Path) -> str:
    """Return a key of what is stored beside the dataset, but of what only saves work."""
    found = []
    for path in sorted((folder / KEPT).glob("*.json")):
        if not path.name.startswith((CELLS, LEARNED)):
            with suppress(OSError):  # a file removed meanwhile is another state
                found.append((path.name, path.stat().st_mtime_ns))
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def needs_reading() -> bool:
    """Return whether the city's files must be read first, which takes some seconds."""
    return not (deployment().dataset / MARKER).is_file()


@st.cache_resource(max_entries=4, show_spinner=False)
def _config(path: Path, modified_ns: int) -> tuple[CityConfig, str]:
    return load_city(path), hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@st.cache_resource(max_entries=2, show_spinner=False)
def _dataset(folder: Path, version: str, modified_ns: int) -> Dataset:
    return open_dataset(folder)


# ---- Areas ----------------------------------------------------------------------------------


def as_stored(choices: AreaSettings) -> AreaSettings:
    """Return the choices that what is stored beside a dataset depends on."""
    return replace(choices, until=None, eps_m=None, min_samples=None)


AS_STORED: KeyFunctions = {AreaSettings: lambda choices: repr(as_stored(choices))}


@of_city(max_entries=16, keys=AS_STORED)
def record(session: CitySession, choices: AreaSettings) -> BacktestRecord | None:
    """Return the stored record of past years for this way of proposing, if there is one."""
    return load_record(session, choices)


@of_city(max_entries=SETTINGS)
def analysis(session: CitySession, choices: AreaSettings) -> Analysis:
    """Return the answers for these settings, the same for all viewers; without decisions."""
    own = city_choices(session.config)
    known = None if is_default(session, choices) else load_places(session)
    if known == ():  # as the city's own proposal calls them
        with suppress(CsaError):
            areas = candidate_rows(analysis(session, own).proposal.areas)
            known = see(areas, session.dataset.require_months().until, ())

    def locate(resolution: int) -> StudyArea:
        return located(session, replace(choices, resolution=resolution))

    return Analysis(session, choices, locate=locate, places=known)


def priorities(
    session: CitySession, choices: AreaSettings, progress: ProgressCallback = no_progress
) -> AssessedProposal:
    """Assess each candidate area."""
    FIRST_PAGE_IS_OUT.wait()
    return analysis(session, choices).showing(progress).priorities


@of_city(max_entries=SETTINGS)
def area_counts(
    session: CitySession, choices: AreaSettings, areas: Sequence[tuple[str, str, CellSet]]
) -> Mapping[str, AreaCounts]:
    """Count areas on their own ground: id, name and cells of each."""
    return analysis(session, choices).count(areas)


@of_incidents(max_entries=6)
def cells(session: CitySession, resolution: int) -> pd.DataFrame:
    """List the cells of the study area."""
    return cached_cells(session, resolution)


@of_incidents(
    max_entries=8, keys={AreaSettings: lambda choices: (choices.resolution, choices.kinds)}
)
def located(session: CitySession, choices: AreaSettings) -> StudyArea:
    """Locate all incidents of the counted kinds: what is learned from them stays with them.

    No other choice matters.
    """
    same = AreaSettings(resolution=choices.resolution, kinds=choices.kinds)
    return locate_incidents(session, same, cells(session, choices.resolution))


@of_city(max_entries=256)
def sheet(session: CitySession, choices: AreaSettings, area_id: str) -> Sheet:
    """Make an area's sheet."""
    return build_sheet(session.dataset, analysis(session, choices).proposal, area_id)


def download(proposal: Proposal, name: str) -> Callable[[], bytes]:
    """Return a function that writes an export when it is requested."""
    return lambda: export(proposal, name)


# ---- Background and cells as files, services, scores ----------------------------------------


def geometry(session: CitySession, resolution: int) -> tuple[BaseGeometry, CellGeometry]:
    """Write the background and the cells, once, as files that browsers fetch once."""
    return _background(session), cells_drawn(session, resolution)


def _background(session: CitySession) -> BaseGeometry:
    folder = deployment().basemap
    marker = folder / BASEMAP_MARKER  # a new background is a new key
    return _base(session, folder, marker.stat().st_mtime_ns if marker.is_file() else 0)


@of_incidents(max_entries=4)
def _base(session: CitySession, basemap: Path, made_ns: int) -> BaseGeometry:
    return base_geometry(session.dataset, basemap, extras.layers_of(session))


@of_incidents(max_entries=16)
def cells_drawn(session: CitySession, resolution: int, *, is_afar: bool = False) -> CellGeometry:
    """Write the cells of the study area; from afar, the larger ones that they lie in."""
    shown = cells(session, resolution).index.to_numpy()
    return cell_geometry(np.unique(parents(shown, AFAR)) if is_afar else shown)


def geometry_afar(session: CitySession, resolution: int) -> CellGeometry | None:
    """Write the larger cells that a whole city is drawn in; None if areas' cells are as large."""
    return cells_drawn(session, resolution, is_afar=True) if resolution > AFAR else None


@of_city(max_entries=SETTINGS)
def services(session: CitySession, choices: AreaSettings) -> pd.DataFrame | None:
    """Count the services in and near each area."""
    return services_near(session, analysis(session, choices).proposal)


@of_city(max_entries=64)
def risk(session: CitySession, area: CellSet) -> pd.DataFrame | None:
    """Return how much of an area an external score calls high."""
    return risk_in_area(session, area)


@of_city(max_entries=4)
def highest_share(session: CitySession) -> float | None:
    """Return the share of scored places counted as highest, which ties can raise."""
    highest = highest_risk(session)
    return None if highest is None else highest.share


@of_city(max_entries=4)
def risk_terrain(session: CitySession) -> Mapping[str, Any] | None:
    """Read what `csa risk` found; the key changes when it has run again."""
    return load_risk(session)


def risk_order(session: CitySession) -> RiskOrderGain | None:
    """Read what ordering areas by risk would have gained in past years."""
    return load_risk_order(session)


def why_here(session: CitySession, area: CellSet) -> AreaExplanation:
    """Find what marks an area, what is there, and what helped elsewhere."""
    return explain_area(session, area, risk_terrain(session), studies())


def studies() -> tuple[EvidenceStudy, ...]:
    """Read what studies found: the city's own list, else the one that comes with the program."""
    return load_evidence(deployment().config, shipped() / "config" / "any.toml")


@of_city(max_entries=4)
def risk_layer(session: CitySession) -> RiskLayer | None:
    """Return the blocks that the city's own factors mark, else an external score's places."""
    stored, scored = load_risk(session), session.dataset.risk_terrain
    if stored is not None and stored["factors"]:
        return fitted_geometry(fitted_risk(stored))
    return None if scored is None else risk_geometry(scored)


@of_city(max_entries=4)
def vacant_layer(session: CitySession) -> str | None:
    """Return where a browser finds the city's vacant lots and buildings."""
    vacant = session.dataset.vacant_land
    return None if vacant is None else places_geometry(vacant)


def has_factors(session: CitySession) -> bool:
    """Return whether `csa risk` found factors, which the map then shows."""
    stored = risk_terrain(session)
    return stored is not None and bool(stored["factors"])
