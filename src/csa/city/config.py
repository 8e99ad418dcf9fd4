"""A city's file as frozen models: each setting with its type, range and meaning.

The descriptions are what docs/DATA.md lists and `csa check` says; a test holds them together.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from csa.base.clock import Clock
from csa.base.message import msg
from csa.base.params import DocumentedDbscan
from csa.city.layouts import Point, Source
from csa.city.types import (
    Address,
    Addresses,
    AnyCrs,
    ComponentName,
    DatasetId,
    FileName,
    FilePatterns,
    Frozen,
    Host,
    MetricCrs,
    Name,
    Resolution,
    Texts,
    TimeZone,
    Year,
)

# ---- What a city's file says of the public: who publishes, on whose word, and how to take part.


Language = Literal["en", "es"]
Sentences = Annotated[tuple[Name, ...], Field(min_length=1)]


class Meeting(Frozen):
    """A meeting that anyone may come to."""

    on: date = Field(description="day of a meeting that anyone may come to")
    what: Name = Field(description="what it is about, as its organizers say it")
    at: str = Field("", description="time of day, as people say it")
    where: str = Field(
        "", description="a public building; a street's number there is confirmed once"
    )
    places: tuple[Name, ...] = Field((), description="neighborhoods; none: for the whole city")


class CensusGroup(Frozen):
    """A group of residents in a census layer."""

    column: Name = Field(description="column with the group's share of the people")
    names: dict[Language, Name] = Field(description="language to name of the group")


class CensusSource(Frozen):
    """A census layer, for the fairness page."""

    people_column: Name = Field(description="column with the number of people")
    is_percent: bool = Field(
        default=True, description="whether shares run from 0 to 100, or from 0 to 1"
    )
    groups: tuple[CensusGroup, ...] = Field(
        min_length=1, description="groups whose shares are compared: areas against the city"
    )


DOMESTIC_COUNTED = frozenset({"points are public", "agreed"})
"""Values of `domestic_rule` by which domestic incidents count at places too."""


class Public(Frozen):
    """What the public sees: by whom, in which language, on whose authority."""

    language: Language = Field("en", description="of reports, and of the public page first: en, es")
    source: str = Field("", description="who publishes the incidents, as a reader would say it")
    domestic_rule: Literal["", "no field in the source", "points are public", "agreed"] = Field(
        "",
        description="why domestic incidents count at places too: `no field in the source` says "
        "which they are; the city's `points are public` without the mark; it was `agreed`. Empty: "
        "they are left out, and each place's number is rounded to 5",
    )
    domestic_office: str = Field("", description="office that confirmed it; never a person")
    domestic_agency: str = Field("", description="domestic-violence agency that `agreed`")
    domestic_on: date | None = Field(None, description="day of that confirmation")
    take_part: dict[Language, Sentences] = Field(
        {}, description="language to sentences: how a resident takes part"
    )
    meetings: tuple[Meeting, ...] = Field((), description="meetings that anyone may come to")
    census: CensusSource | None = Field(None, description="who lives where, for the fairness page")
    decided_by: str = Field(
        "", description="who decides which areas are chosen, as a reader would say it"
    )
    address: Address | Literal[""] = Field(
        "", description="address at which the public page is served, for its links and catalog"
    )
    contact: str = Field("", description="office that answers questions on the published data")
    email: str = Field(
        "", pattern=r"^([^\s@]+@[^\s@]+)?$", description="its e-mail address; else no catalog.json"
    )
    spanish_office: str = Field(
        "", description="office that approved the Spanish; empty: it is marked `unreviewed`"
    )
    spanish_on: date | None = Field(None, description="day of that approval")

    @model_validator(mode="after")
    def _who_and_when_together(self) -> Public:
        signed = bool(self.domestic_rule), bool(self.domestic_office), bool(self.domestic_on)
        if any(signed) and not all(signed):
            raise ValueError(str(msg("config.domestic_rule")))
        if (self.domestic_rule == "agreed") != bool(self.domestic_agency):
            raise ValueError(str(msg("config.domestic_agency")))
        if bool(self.contact) != bool(self.email):
            raise ValueError(str(msg("config.contact")))
        if bool(self.spanish_office) != bool(self.spanish_on):
            raise ValueError(str(msg("config.spanish")))
        return self


# ---- Layers of places that may mark where risk is higher, as a city's file declares them.


class RiskLayerFile(Frozen):
    """A file of places that may mark where risk is higher."""

    file: Name = Field(description="CSV of points or map file, in the data folder or --layers")
    name: Name = Field(description="the places, in the plural: `bars`")
    what: Name = Field(description="what the file lists, and what it leaves out")
    source: Name = Field(description="who keeps it")
    as_of: date = Field(description="day that it is of")
    only: dict[str, Texts] = Field(
        {}, description="column to values: rows that are used; none: all"
    )
    lon_column: str = Field("lon", description="degrees; of a CSV alone")
    lat_column: str = Field("lat", description="degrees; of a CSV alone")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")


class RiskFactors(Frozen):
    """What `csa risk` tries, and where people can be at all."""

    streets_file: str = Field(
        "", description="lines of all streets: only blocks by one are compared, by their length"
    )
    streets_crs: AnyCrs | None = Field(None, description="for a file that names no system")
    layers: tuple[RiskLayerFile, ...] = Field((), description="layers that are tried")
    names: dict[Language, dict[str, Name]] = Field(
        {}, description="language to a layer's name to its words there, for walk sheets"
    )


Detail = Literal["program", "capacity", "evaluated"]
"""What the inventory of services says of a place beside its name and kind."""

MAX_CAPACITY = 30
MAX_WEIGHT = 3.0
WEIGHT_STEP = 0.5
"""What the widgets on screen can show; a city's file may hold no other."""

Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, multiple_of=WEIGHT_STEP)]


class CityBasics(Frozen):
    """The city itself."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name for folders")
    name: str = Field(min_length=1, description="name on screen")
    time_zone: TimeZone = Field(description="IANA name; `occurred_at` is local time there")
    metric_crs: MetricCrs = Field(description="projected system in meters; distances use it")
    units: Literal["us", "metric"] = Field("metric", description="units on screen; files: metric")
    resolutions: tuple[Resolution, ...] = Field(
        (8, 9, 10), min_length=1, description="H3 resolutions that the dataset holds"
    )
    earliest_date: date = Field(
        date(1990, 1, 1), description="an earlier date is a typing error, `bad_date`"
    )
    files: FilePatterns = Field((), description="patterns of shooting files in the data folder")
    source: Addresses = Field(
        (), description="address of each shooting file or portal table, for `csa fetch`"
    )
    nonfatal_name: str = Field("nonfatal shooting", description="what the nonfatal kind is called")
    nonfatal_is_proxy: bool = Field(
        default=False, description="true when it cannot be told from an armed assault"
    )
    is_synthetic: bool = Field(
        default=False, description="true for a made-up city; every page and picture says so"
    )
    plan: str = Field(
        "",
        pattern=r"^([a-z0-9-]+\.toml)?$",
        description="the plan's file in plans/ beside this one",
    )
    plan_names: dict[str, str] = Field(
        {}, description="names in a plan of another city, each with what stands for it here"
    )
    today: date | None = Field(
        None, description="the day at which its clock stands, of a made-up or rehearsed city"
    )

    cadence_days: int = Field(
        45, ge=1, le=400, description="days after the last day of the data when new ones are late"
    )

    @property
    def clock(self) -> Clock:
        """What tells the day in the city."""
        return Clock(self.time_zone, self.today)


class PlacesSource(Frozen):
    """Neighborhoods and the study area."""

    file: FileName = Field("", description="name in the data folder, unless --places names one")
    name_column: str = Field(description="column with the neighborhood's name")
    id_column: str | None = Field(None, description="column that joins the population table")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")
    is_estimated: bool = Field(
        default=False, description="true where the land was made from incidents: its size is rough"
    )
    study_area_file: FileName | None = Field(
        None, description="polygons of the study area; else the neighborhoods' union"
    )


class Population(Frozen):
    """How many people live in each neighborhood."""

    file: FileName = Field("", description="name in the data folder, unless --population names one")
    join_column: str = Field(
        "",
        description="column that holds the neighborhood's id or name; empty: polygons or points "
        "of their own (tracts, block groups), laid over the neighborhoods",
    )
    count_column: str = Field(description="column that holds the number of people")
    lon_column: str = Field("lon", description="degrees; of a CSV of points alone")
    lat_column: str = Field("lat", description="degrees; of a CSV of points alone")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")
    year: int = Field(ge=1900, le=2200, description="year that the numbers are of")
    source: str = Field(description="who counted")


class BasemapSource(Frozen):
    """The city's own layers, drawn behind the areas; they need no network."""

    water_file: FileName = Field("", description="polygons or lines of water, in the data folder")
    parks_file: FileName = Field("", description="polygons of parks")
    streets_file: FileName = Field("", description="lines of streets")
    street_class_column: str = Field("", description="column that tells main streets")
    main_streets: Texts = Field((), description="its values for streets drawn from afar")
    street_name_column: str = Field("", description="column with the street's name")
    crs: AnyCrs | None = Field(None, description="for files that name no coordinate system")
    source: str = Field("", description="who made the layers; shown below the map")


class ServiceList(Frozen):
    """A file of places that help."""

    file: FileName = Field("", description="CSV or map file in the data folder")
    name_column: str = Field("name", description="column with the place's name; empty: none")
    kind_column: str = Field("kind", description="column with its kind, as a reader would say it")
    kind: str = Field("", description="the kind of every place of the file, in place of a column")
    lon_column: str = Field("lon", description="degrees; of a CSV alone")
    lat_column: str = Field("lat", description="degrees; of a CSV alone")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")
    details: dict[Detail, Name] = Field(
        {}, description="`program`, `capacity`, `evaluated` to the column that holds it"
    )


class PlaceLists(ServiceList):
    """Places by kind, in one file or in several."""

    lists: tuple[ServiceList, ...] = Field((), description="several files, each with its columns")
    source: str = Field(description="who keeps the list")
    as_of: date = Field(description="day that the list is of")
    kinds: dict[Language, dict[str, Name]] = Field(
        {}, description="language to kind to its word there: residents hold walk sheets"
    )

    @model_validator(mode="after")
    def _names_a_file(self) -> Self:
        if not self.each or not all(one.file for one in self.each):
            raise ValueError(str(msg("config.services")))
        return self

    @property
    def each(self) -> tuple[Self, ...]:
        """Each file by itself, with what is said of all of them."""
        alone = (self.model_copy(update={"lists": ()}),) if self.file else ()
        others = ({**one.model_dump(), "lists": ()} for one in self.lists)
        return alone + tuple(self.model_copy(update=other) for other in others)


class Services(PlaceLists):
    """Places that help: hubs, clinics, schools, churches, parks."""

    near_m: float = Field(800.0, gt=0, le=5000, description="'near' an area, in meters")


class VacantLand(PlaceLists):
    """Vacant lots and buildings: what can be mown, fenced, lit, boarded up or built on."""


class RiskTerrain(Frozen):
    """A score of places made elsewhere; shown beside, never mixed in."""

    file: FileName = Field(
        description="polygons or points with a score (GeoJSON), or a CSV of points"
    )
    score_column: str = Field(description="column with the score; higher is more")
    lon_column: str = Field("lon", description="degrees; of a CSV alone")
    lat_column: str = Field("lat", description="degrees; of a CSV alone")
    crs: AnyCrs | None = Field(None, description="for a file that names no coordinate system")
    top_share: float = Field(
        0.1, gt=0, lt=1, description="share of the scored places that counts as highest"
    )
    source: str = Field(description="who made the score, and how")
    as_of: date = Field(description="day that the score is of")


class Outcome(Frozen):
    """Another signal of the city, such as shots-fired alerts: beside shootings, never added."""

    name: Name = Field(description="what is counted, in the plural, such as shots-fired alerts")
    dataset: Name = Field(
        description="its dataset's folder, beside this city's; csa ingest makes it, by a city file "
        "of its own with the same id"
    )


# ---- What programs count of their work, and for whom: kinds, organizations, grants.


KindName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class Activities(Frozen):
    """What programs count of their work, who enters it, and who may see its monthly totals."""

    kinds: dict[KindName, Name] = Field(
        min_length=1, description="kinds of activity: a short name to its words"
    )
    organizations: tuple[Name, ...] = Field(
        min_length=1, description="offices that enter activities; each sees its rows, no one else's"
    )
    readers: tuple[Name, ...] = Field(
        (),
        description="other offices that see area-months of five activities or more; never one that "
        "polices, prosecutes or supervises",
    )
    targets: dict[KindName, Count] = Field(
        {}, description="kind to the number planned each month in each area"
    )
    highest_risk: Count | None = Field(
        None, description="people at highest risk in the city, as somebody estimated"
    )
    highest_risk_source: str = Field("", description="who estimated that, how and when")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.targets.keys() <= self.kinds.keys():
            raise ValueError(str(msg("config.activity_kind", known=", ".join(self.kinds))))
        if (self.highest_risk is None) != (not self.highest_risk_source):
            raise ValueError(str(msg("config.highest_risk")))
        return self


class MoneyLine(Frozen):
    """A line of a grant's budget."""

    what: Name = Field(description="what it pays for")
    budget: float = Field(ge=0, description="dollars granted")
    spent: float = Field(ge=0, description="dollars spent by then")
    as_of: date = Field(description="day of that figure")


class FunderGrant(Frozen):
    """A grant and what its funder is told."""

    name: Name = Field(description="the grant's name and number")
    funder: Name = Field(description="who gives the money")
    start: date = Field(description="its first day")
    until: date = Field(description="the first day after it")
    organizations: tuple[Name, ...] = Field(
        min_length=1, description="organizations whose activities it pays for"
    )
    places: tuple[Name, ...] = Field(
        (), description="letters of areas, or names of zones; none: all in which they work"
    )
    targets: dict[KindName, Count] = Field({}, description="kind to the number promised in all")
    people: Count | None = Field(None, description="people promised to be newly reached")
    money: tuple[MoneyLine, ...] = Field((), description="lines of its budget")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until <= self.start:
            raise ValueError(str(msg("config.grant_days")))
        return self


class Areas(Frozen):
    """Values for candidate areas; what is not given is found in the city's own data."""

    eps_m: float | None = Field(None, gt=0, le=5000, description="DBSCAN's radius in meters")
    min_samples: int | None = Field(
        None, ge=2, description="DBSCAN's minimum, for `at_incidents`; given with the radius"
    )
    at_incidents: int | None = Field(
        None, ge=1, description="incidents in the period that min_samples fits"
    )
    min_samples_floor: int = Field(
        5, ge=2, description="never fewer: with fewer incidents the radius widens instead"
    )
    months: int = Field(36, ge=1, le=1200, description="months of data in a proposal")
    resolution: Resolution = Field(10, description="H3 resolution of the areas' cells")
    max_area_km2: float = Field(2.0, ge=0, description="size limit in km2; 0 for none")

    @model_validator(mode="after")
    def _is_whole(self) -> Areas:
        given = [self.eps_m, self.min_samples, self.at_incidents]
        if None in given and any(given):
            raise ValueError(str(msg("config.areas_in_part")))
        return self

    @property
    def documented(self) -> DocumentedDbscan | None:
        """The radius and minimum that the file gives; None leaves them to the data."""
        if self.eps_m is None or self.min_samples is None or self.at_incidents is None:
            return None
        return DocumentedDbscan(
            self.eps_m, self.min_samples, self.at_incidents, self.min_samples_floor
        )


class Priorities(Frozen):
    """How candidates are ordered, until the Executive Committee sets another criterion."""

    capacity: int = Field(
        5, ge=1, le=MAX_CAPACITY, description="areas that can be served first, 1 to 30"
    )
    weights: dict[ComponentName, Weight] = Field(
        {"expected": 1.0},
        description="what areas are ordered by: the weight of each component, 0 to 3 in steps "
        "of 0.5; left out, the shootings of the period adjusted for chance alone",
    )

    @field_validator("weights")
    @classmethod
    def _weighs_something(cls, weights: dict[str, float]) -> dict[str, float]:
        if not sum(weights.values()) > 0:
            raise ValueError(str(msg("config.weights")))
        return weights


class Portal(Frozen):
    """Where the files can be downloaded."""

    domain: Host = Field(description="host of the city's open-data portal (Socrata)")
    datasets: dict[Year, DatasetId] = Field(description="year to dataset id")
    file_name: str = Field(
        "", description="what `csa fetch` calls a year's file, such as shootings_{year}.csv"
    )
    places_dataset: DatasetId | None = Field(None, description="dataset id of the neighborhoods")
    basemap_datasets: dict[Literal["water", "parks", "streets"], DatasetId] = Field(
        {}, description="`water`, `parks`, `streets` to dataset id of the map's background"
    )

    @field_validator("file_name")
    @classmethod
    def _holds_the_year(cls, name: str) -> str:
        if name and (name.count("{year}") != 1 or "/" in name or not name.endswith(".csv")):
            raise ValueError(str(msg("config.file_name", mark="{year}")))
        return name


class CityConfig(Frozen):
    """Everything that is particular to one city."""

    format_version: Literal[1] = Field(description="of this file's layout; 1")
    city: CityBasics = Field(description="the city itself")
    places: PlacesSource = Field(description="neighborhoods and study area")
    population: Population | None = Field(None, description="people, where known")
    areas: Areas = Field(Areas(), description="how candidate areas are found")
    priorities: Priorities = Field(Priorities(), description="how candidates are compared")
    sources: tuple[Source, ...] = Field(min_length=1, description="layouts of file, tried in order")
    points: tuple[Point, ...] = Field((), description="places to flag or to leave out")
    basemap: BasemapSource = Field(BasemapSource(), description="the background of the maps")
    services: Services | None = Field(None, description="places that help")
    vacant_land: VacantLand | None = Field(None, description="vacant lots and buildings")
    risk_terrain: RiskTerrain | None = Field(None, description="an external score of places")
    risk: RiskFactors | None = Field(None, description="layers that `csa risk` tries")
    outcomes: dict[str, Outcome] = Field({}, description="other signals, by a short name")
    activities: Activities | None = Field(None, description="what programs count of their work")
    grants: dict[str, FunderGrant] = Field({}, description="grants, by a short name")
    extras: tuple[str, ...] = Field(
        (), description="extras of other distributions that are on here, by name (docs/EXTRAS.md)"
    )
    portal: Portal | None = Field(None, description="where files can be downloaded")
    public: Public = Field(Public(), description="what the public is told, and on whose word")

    def days_late(self, through: date) -> int:
        """Return by how many days data are older than new ones should be; 0 in time."""
        age = (self.city.clock.today() - through).days
        return max(0, age - self.city.cadence_days)

    @model_validator(mode="after")
    def _areas_are_no_finer_than_the_city_allows(self) -> Self:
        finest, areas = max(self.city.resolutions), self.areas
        if "resolution" not in areas.model_fields_set and areas.resolution > finest:
            # A file that allows no blocks gets none: a finer cell may point to a house.
            fitting = areas.model_copy(update={"resolution": finest})
            object.__setattr__(self, "areas", fitting)
        return self

    @model_validator(mode="after")
    def _grants_pay_for_what_is_counted(self) -> Self:
        counted = self.activities
        for grant in self.grants.values():
            offices = set() if counted is None else {*counted.organizations}
            if counted is None or not offices.issuperset(grant.organizations):
                raise ValueError(str(msg("config.grant_office", known=", ".join(sorted(offices)))))
            if not grant.targets.keys() <= counted.kinds.keys():
                raise ValueError(str(msg("config.activity_kind", known=", ".join(counted.kinds))))
        return self
