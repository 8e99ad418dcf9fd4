"""A city's file: TOML in, a frozen `CityConfig` out; an unknown key is an error.

Every fault is found at once, each with its key and its remedy.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from csa.base.errors import ConfigError
from csa.base.extra import installed_extra
from csa.base.home import in_home
from csa.base.message import Message, msg
from csa.base.safe_parsing import parse_toml
from csa.city.config import CityConfig
from csa.city.layouts import Condition
from csa.city.types import FIELDS, Frozen, Name, Texts

ModelT = TypeVar("ModelT", bound=BaseModel)


def load_city(path: Path | str) -> CityConfig:
    """Read a city's file.

    Parameters
    ----------
    path
        A TOML file such as config/sample.toml; docs/DATA.md lists its settings.

    Returns
    -------
    CityConfig
        The city, frozen: its sources, rules, places and documented values.

    Raises
    ------
    ConfigError
        If the file is absent, is not TOML or has faults; `faults` holds all of them.

    Examples
    --------
    >>> config = csa.load_city("config/sample.toml")
    >>> config.city.name, config.areas.months
    ('Orrinvale (sample)', 36)
    """
    path = Path(path)
    raw = read_toml(path)
    return validate(raw, CityConfig, path, list(_cross_faults(raw)))


def find_city_file(name: str) -> Path:
    """Return the city's file that a name or path stands for: config/NAME.toml, or the path."""
    path = Path(name)
    named = in_home("config", f"{name}.toml")
    return named if not path.is_file() and "/" not in name and named.exists() else path


def validate(
    raw: Mapping[str, Any], model: type[ModelT], path: Path, cross_faults: list[Message]
) -> ModelT:
    """Make a frozen model of a file's content, or report every fault at once."""
    try:
        made = model.model_validate(raw)
    except ValidationError as error:
        raise _faulty(path, [*_schema_faults(error, model), *cross_faults]) from error
    if cross_faults:
        raise _faulty(path, cross_faults)
    return made


def _faulty(path: Path, faults: list[Message]) -> ConfigError:
    listed = "\n".join(f"  {fault}" for fault in faults)
    return ConfigError(
        "config.faults", faults=tuple(faults), path=path, n=len(faults), listed=listed
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read any TOML file, with a sentence for what can go wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError("config.absent", path=path, folder=Path.cwd()) from error
    except IsADirectoryError as error:
        raise ConfigError("config.folder", path=path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.unreadable", path=path) from error
    try:
        return parse_toml(text)
    except ValueError as error:
        why = "a value is too large" if "integer string" in str(error) else error
        raise ConfigError("config.not_toml", path=path, why=why) from error


def _schema_faults(error: ValidationError, model: type[BaseModel]) -> Iterator[Message]:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "too_short" and _is_within(fault["loc"], faults):
            continue  # a list is empty only because each of its items has its own fault
        parts = [part for part in fault["loc"] if part != "[key]"]
        where = [str(part) for part in parts if not isinstance(part, int)]
        key = _dotted(parts)
        given = repr(fault.get("input"))
        if fault["type"] == "extra_forbidden":
            hint = _did_you_mean(where[-1], _sibling_keys(model, where[:-1]))
            yield msg("config.fault_unknown", key=key, hint=hint)
        elif fault["type"] == "literal_error" and "[key]" in fault["loc"]:
            yield msg("config.fault_field", key=key, hint=_did_you_mean(where[-1], FIELDS))
        elif fault["type"] == "missing":
            yield msg("config.fault_missing", key=key, what=_walk(model, where)[1])
        else:
            why = fault["msg"].removeprefix("Value error, ")
            yield msg("config.fault_value", key=key, given=given[:60], why=why.rstrip("."))


def _is_within(loc: tuple[int | str, ...], faults: Sequence[Mapping[str, Any]]) -> bool:
    return any(len(fault["loc"]) > len(loc) and fault["loc"][: len(loc)] == loc for fault in faults)


def _did_you_mean(given: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else "."


def _dotted(parts: list[int | str]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def _walk(root: type[BaseModel], where: list[str]) -> tuple[type[BaseModel] | None, str]:
    """Follow a location into the models; return the last model and its field's text."""
    model: type[BaseModel] | None = root
    text = ""
    for part in where:
        if model is None:
            break
        info = model.model_fields.get(part)
        if info is None:
            return model, text
        text = info.description or ""
        model = next(_models_in(info.annotation), None)
    return model, text


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _sibling_keys(root: type[BaseModel], where: list[str]) -> list[str]:
    model, _ = _walk(root, where)
    return list(model.model_fields) if model else []


def _cross_faults(raw: Mapping[str, Any]) -> Iterator[Message]:
    """Find faults across keys: rules that name a field without a column, absent extras."""
    yield from _portal_faults(raw)
    for name in raw["extras"] if isinstance(raw.get("extras"), list) else ():
        try:
            if isinstance(name, str) and installed_extra(name) is None:
                yield msg("config.fault_extra", name=name)
        except Exception as error:  # noqa: BLE001 - another's code may raise whatever it likes
            yield msg("config.fault_extra_broken", name=name, why=error)
    names: set[str] = set()
    for number, source in enumerate(_dicts(raw.get("sources")), start=1):
        where = f"sources[{number}]"
        name = source.get("name")
        if isinstance(name, str) and name in names:
            yield msg("config.fault_twice", key=f"{where}.name", given=name)
        names.add(str(name))
        columns = source.get("columns")
        known = set(columns) if isinstance(columns, dict) else set()
        for key, field in _fields_named(source):
            if field not in known:
                yield msg("config.fault_no_column", key=f"{where}.{key}", field=field)
        if known & {"x", "y"} and "crs" not in source:
            yield msg("config.fault_no_crs", key=f"{where}.crs")
        if not known & {"date", "reported_date"}:
            yield msg("config.fault_no_column", key=f"{where}.columns", field="date")


def _portal_faults(raw: Mapping[str, Any]) -> Iterator[Message]:
    """Find a name for fetched files that no pattern of the city's files would find again."""
    portal, city = raw.get("portal"), raw.get("city")
    name = portal.get("file_name") if isinstance(portal, dict) else None
    patterns = city.get("files", []) if isinstance(city, dict) else []
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(name, str) or not name or not isinstance(patterns, list):
        return
    example = name.replace("{year}", "2020")
    if not any(fnmatch.fnmatchcase(example, str(pattern)) for pattern in patterns):
        yield msg("config.fault_file_name", key="portal.file_name", given=name)


def _fields_named(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    default = ["incident_id"]
    for key in ("incident_from", "row_id_from"):
        fields = source.get(key, default if key == "incident_from" else [])
        named = fields if isinstance(fields, list) else []
        yield from ((key, str(field)) for field in named if field != "day")  # of any column
    for key in ("homicide", "nonfatal", "victim"):
        for rule in _dicts(source.get(key)):
            yield from ((key, field) for field in rule)
    for key in ("gun", "domestic"):
        for answer, rules in (source.get(key) or {}).items() if _is_dict(source.get(key)) else ():
            for rule in _dicts(rules):
                yield from ((f"{key}.{answer}", field) for field in rule)
    for rule in _dicts(source.get("exclude")):
        if _is_dict(rule.get("when")):
            yield from (("exclude.when", field) for field in rule["when"])


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def setting_descriptions(model: type[BaseModel] = CityConfig) -> dict[str, str]:
    """List every setting of a file with what it means."""
    return dict(_describe_model(model, ""))


def _describe_model(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        yield key, info.description or ""
        for inner in _models_in(info.annotation):
            if inner is Condition:
                continue
            many = "[]." if "tuple" in str(info.annotation) else "."
            yield from _describe_model(inner, f"{key}{many}")


# ---- What can be done about a kind of place, and what studies found: a list that a city may edit.


class EvidenceWords(Frozen):
    """What was tried and what came of it, in a language."""

    what: Name = Field(description="what was done, as one would ask for it")
    effect: Name = Field(description="what the authors found, in words")
    interval: str = Field("", description="its interval, where they published one")
    design: Name = Field(description="where, how many, and who was compared with whom")

    @property
    def effect_text(self) -> str:
        """The effect with its interval, where there is one."""
        return f"{self.effect} ({self.interval})" if self.interval else self.effect


class EvidenceStudy(EvidenceWords):
    """What was tried, and what came of it."""

    places: Texts = Field((), description="kinds of vacant land or of layers that it is about")
    limit: Name = Field(description="what it does not show")
    source: Name = Field(description="authors, journal and year")
    es: EvidenceWords | None = Field(None, description="the same words in Spanish, for residents")

    def words(self, language: str) -> EvidenceWords:
        """Return its words in a language; in English where it has none."""
        return self.es if language == "es" and self.es is not None else self

    def is_about(self, names: Iterable[str]) -> bool:
        """Whether it is about a kind of place among these, such as `vacant lots`."""
        said = [name.casefold() for name in names]
        return any(place.casefold() in name for place in self.places for name in said)


class EvidenceList(Frozen):
    """The file config/evidence/studies.toml."""

    format_version: Literal[1] = Field(description="of this file's layout; 1")
    studies: tuple[EvidenceStudy, ...] = Field((), description="one each")


def load_evidence(*city_files: Path) -> tuple[EvidenceStudy, ...]:
    """Read the list of studies beside the first of these city files that has one; else none."""
    for city in city_files:
        path = city.parent / "evidence" / "studies.toml"
        if path.is_file():
            return validate(read_toml(path), EvidenceList, path, []).studies
    return ()
