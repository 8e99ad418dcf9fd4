"""Kinds of portals: Socrata, ArcGIS and CKAN, each a table that is asked for rows by their ids."""

from __future__ import annotations

import csv
import io
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from pydantic import (
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from csa.base.errors import SourceError
from csa.base.safe_parsing import parse_json
from csa.ingest.web import Answer, TransientError, Web, check_url, host_of, odd_answer

Shape = TypeVar("Shape", bound=BaseModel)
SOCRATA, ARCGIS, CKAN, FILE = "Socrata", "ArcGIS", "CKAN", "file"
IDS_A_REQUEST, MOST_CHANGED = 100, 5_000
"""As many as a request's address can name; beyond the other all pages are quicker."""


@dataclass(frozen=True)
class Version:
    """What shows that a dataset changed."""

    n_rows: int  # how many rows it has
    updated_at: str  # when a row last changed, as the portal writes it; empty where it does not say


@dataclass(frozen=True)
class Page:
    """Rows of a table."""

    header: list[str]  # column names, the row's id first
    rows: list[list[str]]  # n records, each as long as the header, the row's id first


@dataclass(frozen=True)
class Changes:
    """What is needed to bring a table that was downloaded before up to date."""

    ids: list[str]  # of all rows that there are now, in the portal's order
    page: Page  # rows that were added or changed


@dataclass
class PortalTable(ABC):
    """A portal's table of rows with ids, in the portal's own order.

    Fields: `web`, `address`, `where`, `page_rows`.
    """

    web: Web
    address: str  # of the dataset, without a query
    where: str = ""  # a filter of the city's own, in the portal's language
    page_rows: int = 10_000
    kind: ClassVar[str]

    @property
    @abstractmethod
    def name(self) -> str:
        """What sentences call the dataset."""

    @abstractmethod
    def version(self) -> Version:
        """Request how many rows there are, and when one last changed."""

    @abstractmethod
    def page(self, first: int, n_rows: int, *, is_last: bool) -> Page:
        """Request rows by their place; of the last page all that are left."""

    @property
    def about(self) -> dict[str, str]:
        """What sentences say of where it comes from."""
        return {"host": host_of(self.address), "dataset": self.name}

    def joined(self, pages: Sequence[Page]) -> Page:
        """Return pages as one."""
        headers = {tuple(page.header) for page in pages if page.header} or {()}
        if len(headers) > 1:
            raise InconsistentPagesError(SourceError("fetch.headers", **self.about))
        return Page([*headers.pop()], [row for page in pages for row in page.rows])

    def changes(self, since: Version) -> Changes | None:  # noqa: ARG002 - for those that know
        """Request what was added or changed; None where the portal does not say, or it is much."""
        return None


def file_stem(text: str) -> str:
    """Return a file's name made of an address: lower case, letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", unquote(text).lower()).strip("-")[:60] or "shootings"


def _reader(model: type[Shape], host: str, name: str) -> Callable[[bytes], Shape]:
    """Return what reads an answer of a shape; another one is worth another request."""

    def read(content: bytes) -> Shape:
        try:
            return model.model_validate_json(content)
        except ValidationError as error:
            raise TransientError(odd_answer(content, host, name)) from error

    return read


def _csv_page(content: bytes, host: str, name: str, id_column: str) -> Page:
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        header, *rows = [row for row in csv.reader(lines, strict=True) if row]
    except (ValueError, csv.Error) as error:
        raise TransientError(odd_answer(content, host, name)) from error
    if header[0] != id_column or any(len(row) != len(header) for row in rows):
        raise TransientError(odd_answer(content, host, name))
    return Page(header, rows)


def _chunks(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + IDS_A_REQUEST] for at in range(0, len(ids), IDS_A_REQUEST))


class InconsistentPagesError(Exception):
    """Pages that are not of one version: the download must begin again."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error)
        self.error = error


# ---- Socrata.


class _Counted(BaseModel):
    n_rows: NonNegativeInt
    updated_at: str | None = None


ONE_ROW = TypeAdapter(tuple[_Counted])


@dataclass
class Socrata(PortalTable):
    """A dataset of a Socrata portal: https://HOST/resource/ID, filtered in SoQL."""

    kind: ClassVar[str] = SOCRATA
    ID: ClassVar[str] = ":id"

    @property
    def name(self) -> str:
        """The dataset's id."""
        return self.address.rpartition("/")[2]

    def version(self) -> Version:
        """Request the number of rows and the time of the last change, in one query."""
        host = host_of(self.address)

        def read(content: bytes) -> Version:
            try:
                (row,) = ONE_ROW.validate_json(content)
            except ValidationError as error:
                raise TransientError(odd_answer(content, host, self.name)) from error
            return Version(row.n_rows, row.updated_at or "")

        select = {"$select": "count(*) as n_rows,max(:updated_at) as updated_at"}
        return self._ask("json", select, read)

    def page(self, first: int, n_rows: int, *, is_last: bool) -> Page:
        """Request rows by their place; of the last page one more: an uncounted one shows."""
        limit = {"$limit": str(n_rows + is_last), "$offset": str(first)}
        question = {"$select": f"{self.ID},*", "$order": self.ID, **limit}
        return self._csv(question)

    def changes(self, since: Version) -> Changes | None:
        """Request the ids of all rows, and the rows that were added or changed since."""
        if not since.updated_at:
            return None
        changed = self._ids(f":updated_at >= '{since.updated_at}'")
        if len(changed) > MOST_CHANGED:
            return None
        pages = [Page([], [])]
        for some in _chunks(changed):
            named = ", ".join(f"'{one}'" for one in some)
            question = {"$select": f"{self.ID},*", "$order": self.ID, "$limit": str(len(some))}
            pages.append(self._csv(question, f"{self.ID} in ({named})"))
        return Changes(self._ids(), self.joined(pages))

    def _ids(self, where: str = "") -> list[str]:
        question = {"$select": self.ID, "$order": self.ID, "$limit": str(2**31 - 1)}
        return [row[0] for row in self._csv(question, where).rows]

    def map_file(self, n_rows: int) -> tuple[bytes, int]:
        """Request all as GeoJSON, in one piece; return it and the number of its features."""
        host = host_of(self.address)

        def read(content: bytes) -> tuple[bytes, int]:
            try:
                return content, len(parse_json(content)["features"])
            except (ValueError, TypeError, KeyError) as error:
                raise TransientError(odd_answer(content, host, self.name)) from error

        return self._ask("geojson", {"$order": self.ID, "$limit": str(n_rows + 1)}, read)

    def _csv(self, question: Mapping[str, str], where: str = "") -> Page:
        host = host_of(self.address)
        return self._ask(
            "csv", question, lambda content: _csv_page(content, host, self.name, self.ID), where
        )

    def _ask(
        self,
        form: str,
        question: Mapping[str, str],
        read: Callable[[bytes], Answer],
        where: str = "",
    ) -> Answer:
        filters = " and ".join(f"({one})" for one in (self.where, where) if one)
        filtered = {"$where": filters} if filters else {}
        headers = {"X-App-Token": self.web.token} if self.web.token else {}
        url = f"{self.address}.{form}"
        return self.web.ask(url, {**question, **filtered}, read, name=self.name, headers=headers)


# ---- ArcGIS.


POINT, OBJECT_ID = "esriGeometryPoint", "esriFieldTypeOID"
LACKS_TOKEN = (498, 499, 403)
LAST_MS = 253_402_300_799_000
"""The last millisecond of year 9999."""


class _Code(BaseModel):
    name: str
    code: int | float | str


class _Domain(BaseModel):
    codedValues: list[_Code] = []  # noqa: N815 - ArcGIS's name, as all below


class _Field(BaseModel):
    name: str
    type: str = ""
    domain: _Domain | None = None


class _Edits(BaseModel):
    lastEditDate: int | None = Field(None, ge=0, le=LAST_MS)  # noqa: N815
    editDateField: str | None = None  # noqa: N815


class _Layer(BaseModel):
    fields: list[_Field] = []
    geometryType: str | None = None  # noqa: N815
    objectIdField: str | None = None  # noqa: N815
    maxRecordCount: PositiveInt | None = None  # noqa: N815
    editingInfo: _Edits | None = None  # noqa: N815
    editFieldsInfo: _Edits | None = None  # noqa: N815


class _Point(BaseModel):
    x: float | str | None = None
    y: float | str | None = None


class _Feature(BaseModel):
    attributes: dict[str, Any]
    geometry: _Point | None = None


class _Features(BaseModel):
    features: list[_Feature]
    exceededTransferLimit: bool = False  # noqa: N815


class _Count(BaseModel):
    count: NonNegativeInt


class _Ids(BaseModel):
    objectIds: list[int] | None = None  # noqa: N815


class _Problem(BaseModel):
    code: int = 0


class _Problems(BaseModel):
    error: _Problem | None = None


@dataclass
class ArcGIS(PortalTable):
    """A layer of an ArcGIS server: https://HOST/.../FeatureServer/0, filtered in SQL."""

    page_rows: int = 1_000
    kind: ClassVar[str] = ARCGIS
    _layer: _Layer = field(default_factory=_Layer, repr=False)
    _ids: list[str] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """The service and the number of its layer."""
        parts = urlsplit(self.address).path.strip("/").split("/")
        return "/".join([*parts[-3:-2], parts[-1]])

    def describe(self) -> None:
        """Request what the layer says of itself."""
        layer, about = self._ask("", {}, _Layer), self.about
        if not layer.fields:
            raise SourceError("fetch.no_layer", **about)
        if layer.geometryType not in {None, "", POINT}:
            what = str(layer.geometryType).removeprefix("esriGeometry").lower()
            raise SourceError("fetch.not_points", **about, what=what)
        self._layer = layer
        self.page_rows = min(self.page_rows, layer.maxRecordCount or self.page_rows)

    def version(self) -> Version:
        """Request the number of rows, and when the layer was last edited."""
        self.describe()
        self._ids = []
        count = self._query({"returnCountOnly": "true"}, "", _Count).count
        edits = self._layer.editingInfo
        if edits is None or edits.lastEditDate is None:
            return Version(count, "")
        at = datetime.fromtimestamp(edits.lastEditDate / 1000, UTC)
        return Version(count, at.isoformat(timespec="milliseconds"))

    def page(self, first: int, n_rows: int, *, is_last: bool) -> Page:
        """Request rows by their place in the list of ids; of the last page all that are left."""
        self._ids = self._ids or self._list_ids("")
        some = self._ids[first:] if is_last else self._ids[first : first + n_rows]
        if not some:
            return Page(["id", *self._header], [])
        least, most = some[0], some[-1]
        page = self._rows({}, f"{self._id_field} >= {least} AND {self._id_field} <= {most}")
        if {row[0] for row in page.rows} - set(some):
            raise InconsistentPagesError(SourceError("fetch.changed", **self.about))
        return page

    def changes(self, since: Version) -> Changes | None:
        """Request the ids of all rows, and rows added or changed since, where edits are tracked."""
        edits = self._layer.editFieldsInfo
        if edits is None or not edits.editDateField or not since.updated_at:
            return None
        then = datetime.fromisoformat(since.updated_at)
        changed = self._list_ids(f"{edits.editDateField} >= TIMESTAMP '{then:%Y-%m-%d %H:%M:%S}'")
        if len(changed) > MOST_CHANGED:
            return None
        pages = [self._rows({"objectIds": ",".join(some)}, "") for some in _chunks(changed)]
        return Changes(self._list_ids(""), self.joined([Page([], []), *pages]))

    @property
    def _id_field(self) -> str:
        of_type = (one.name for one in self._layer.fields if one.type == OBJECT_ID)
        id_field = self._layer.objectIdField or next(of_type, None)
        if not id_field:
            raise SourceError("fetch.no_ids", **self.about)
        return id_field

    @property
    def _header(self) -> list[str]:
        names = [one.name for one in self._layer.fields]
        if self._layer.geometryType == POINT:
            taken = {name.casefold() for name in names}
            names += [f"point_{one}" if one in taken else one for one in ("longitude", "latitude")]
        return names

    def _list_ids(self, where: str) -> list[str]:
        ids = self._query({"returnIdsOnly": "true"}, where, _Ids).objectIds or []
        return [str(one) for one in sorted(ids)]

    def _rows(self, question: Mapping[str, str], where: str) -> Page:
        wanted = {"outFields": "*", "outSR": "4326", "returnGeometry": "true"}
        wanted["orderByFields"] = self._id_field
        answer = self._query({**wanted, **question}, where, _Features)
        if answer.exceededTransferLimit:
            raise SourceError("fetch.half", **self.about, n=len(answer.features))
        return Page(["id", *self._header], [self._row(feature) for feature in answer.features])

    def _row(self, feature: _Feature) -> list[str]:
        given = feature.attributes
        row = [_text(given.get(self._id_field))]
        for one in self._layer.fields:
            value, coded = given.get(one.name), one.domain.codedValues if one.domain else ()
            row.append(next((c.name for c in coded if c.code == value), _text(value)))
        if self._layer.geometryType == POINT:
            point = feature.geometry or _Point()
            row += [_text(point.x), _text(point.y)]
        return row

    def _query(self, question: Mapping[str, str], where: str, shape: type[Shape]) -> Shape:
        filters = " AND ".join(f"({one})" for one in (self.where, where) if one) or "1=1"
        return self._ask("/query", {"where": filters, **question}, shape)

    def _ask(self, path: str, question: Mapping[str, str], shape: type[Shape]) -> Shape:
        host, whole = host_of(self.address), _reader(shape, host_of(self.address), self.name)

        def read(content: bytes) -> Shape:
            problem = _reader(_Problems, host, self.name)(content).error
            if problem is None:
                return whole(content)
            if problem.code in LACKS_TOKEN:  # with HTTP 200
                raise SourceError("fetch.refused", **self.about, status=problem.code)
            if problem.code >= 500:
                raise TransientError(SourceError("fetch.busy", host=host, status=problem.code))
            raise SourceError("fetch.not_understood", **self.about, status=problem.code)

        headers = {"X-Esri-Authorization": f"Bearer {self.web.token}"} if self.web.token else {}
        url = f"{self.address}{path}"
        return self.web.ask(url, {**question, "f": "json"}, read, name=self.name, headers=headers)


def _text(value: Any) -> str:
    """Write a value as a table has it: whole numbers without a point, nothing for no number."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value == "NaN":
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


# ---- CKAN.


class _Resource(BaseModel):
    datastore_active: bool = False
    url: str = ""
    last_modified: str | None = None
    metadata_modified: str | None = None


class _Column(BaseModel):
    id: str


class _Search(BaseModel):
    total: NonNegativeInt
    fields: list[_Column]
    records: list[dict[str, Any]]


class _Found(BaseModel, Generic[Shape]):
    success: Literal[True]
    result: Shape


@dataclass
class Ckan(PortalTable):
    """A table in a CKAN portal's datastore: https://HOST/api/3/action/datastore_search/ID.

    A new file there has new ids, and no row says when it changed: it is always requested whole.
    """

    kind: ClassVar[str] = CKAN
    ID: ClassVar[str] = "_id"

    @property
    def name(self) -> str:
        """The resource's id."""
        return self.address.rpartition("/")[2]

    def describe(self) -> _Resource:
        """Request what the portal says of the resource."""
        return self._ask("resource_show", {"id": self.name}, _Found[_Resource]).result

    def version(self) -> Version:
        """Request the number of rows, and when the resource was last changed."""
        about, total = self.describe(), self._search({"limit": "0"}).total
        return Version(total, about.last_modified or about.metadata_modified or "")

    def page(self, first: int, n_rows: int, *, is_last: bool) -> Page:
        """Request rows by their place; of the last page one more: an uncounted one shows."""
        return self._page({"limit": str(n_rows + is_last), "offset": str(first)})

    def _page(self, question: Mapping[str, str]) -> Page:
        answer = self._search({"sort": self.ID, **question})
        names = [column.id for column in answer.fields]
        if self.ID not in names:
            raise SourceError("fetch.no_ids", host=host_of(self.address), dataset=self.name)
        names.remove(self.ID)
        rows = [[_text(row.get(name)) for name in (self.ID, *names)] for row in answer.records]
        return Page([self.ID, *names], rows)

    def _search(self, question: Mapping[str, str]) -> _Search:
        parameters = {"resource_id": self.name, **question}
        return self._ask("datastore_search", parameters, _Found[_Search]).result

    def _ask(self, action: str, question: Mapping[str, str], shape: type[Shape]) -> Shape:
        url = f"{self.address.partition('datastore_search')[0]}{action}"
        headers = {"Authorization": self.web.token} if self.web.token else {}
        read = _reader(shape, host_of(self.address), self.name)
        return self.web.ask(url, question, read, name=self.name, headers=headers)


# ---- Which of them an address is.


@dataclass(frozen=True)
class PlainFile:
    """A file at an address."""

    web: Web
    address: str
    kind: ClassVar[str] = FILE

    @property
    def name(self) -> str:
        """The last part of its address."""
        return unquote(urlsplit(self.address).path).rstrip("/").rpartition("/")[2] or "file"


SOCRATA_ID = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
LAYER = re.compile(
    r"(.*/rest/services/.+/(?:FeatureServer|MapServer))(?:/(\d+))?(?:/query)?/?$", re.IGNORECASE
)
CKAN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def recognize(url: str, web: Web) -> PortalTable | PlainFile:
    """Return what an address leads to: a table of a portal that is known, else a file.

    An ArcGIS service without the number of a layer, and a CKAN dataset with several files, are
    asked which they have.
    """
    parts = urlsplit(check_url(url, allow_private=web.allow_private))
    base = f"{parts.scheme}://{parts.netloc}"
    query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
    layer, steps = LAYER.match(parts.path), parts.path.strip("/").split("/")
    if layer:
        where = query.get("where", "").strip()
        where = "" if where.replace(" ", "") == "1=1" else where
        service = base + layer[1]
        number = layer[2] or _only_layer(service, web)
        return ArcGIS(web, f"{service}/{number}", where)
    stems = [step.partition(".")[0] for step in steps]
    ids = [step for step in stems if SOCRATA_ID.fullmatch(step)]
    is_export = "rows" in stems  # /api/views/ID/rows.csv, as its download button has it
    if ids and (is_export or steps[-1].partition(".")[2] in {"", "csv", "json", "geojson"}):
        return Socrata(web, f"{base}/resource/{ids[-1]}", query.get("$where", ""))
    ckan = CKAN_ID.fullmatch(query.get("resource_id", "")) or next(
        filter(
            None,
            (
                CKAN_ID.fullmatch(steps[at + 1])
                for at, step in enumerate(steps[:-1])
                if step == "resource"
            ),
        ),
        None,
    )
    if ckan:
        return _in_datastore(base, ckan[0], web)
    return PlainFile(web, urlunsplit(parts._replace(fragment="")))


class _Named(BaseModel):
    id: int
    name: str = ""


class _Service(BaseModel):
    layers: list[_Named] = []
    tables: list[_Named] = []


def _only_layer(service: str, web: Web) -> str:
    """Return the number of a service's only layer; of several, ask which."""
    name = service.rpartition("/services/")[2]
    read = _reader(_Service, host_of(service), name)
    about = web.ask(service, {"f": "json"}, read, name=name)
    layers = [*about.layers, *about.tables]
    if not layers:
        raise SourceError("fetch.no_layer", host=host_of(service), dataset=name)
    if len(layers) > 1:
        listed = ", ".join(f"{service}/{one.id} ({one.name})" for one in layers)
        raise SourceError("fetch.which_layer", n=len(layers), layers=listed)
    return str(layers[0].id)


def _in_datastore(base: str, resource: str, web: Web) -> Ckan | PlainFile:
    """Return a resource's table where the portal has one, else the file itself."""
    table = Ckan(web, f"{base}/api/3/action/datastore_search/{resource}")
    about = table.describe()
    if about.datastore_active:
        return table
    return PlainFile(web, check_url(about.url, allow_private=web.allow_private))


def file_name(source: PortalTable | PlainFile) -> str:
    """Return what the downloaded file is called: the same for an address each time."""
    if isinstance(source, PlainFile):
        stem, dot, suffix = source.name.rpartition(".")
        return f"{file_stem(stem)}.{suffix.lower()}" if dot else file_stem(suffix)
    return f"{file_stem(source.name)}.csv"
