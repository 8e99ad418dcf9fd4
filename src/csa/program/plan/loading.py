"""A plan's file: TOML in, a frozen `Plan` out, or every fault of it at once.

What its actions are called in other languages stands beside it, as translators write it:
`<plan>.es.po`, each title under its action's number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from csa.base.errors import ConfigError
from csa.base.message import Message, msg
from csa.base.text import LANGUAGES, read_catalog
from csa.city.config import CityConfig
from csa.city.loading import load_city, read_toml, validate
from csa.program.plan.items import Plan

Raw: TypeAlias = Mapping[str, Any]
STRATEGY = re.compile(r"[0-9]+\.[0-9]+")
ACTION = re.compile(r"[0-9]+(\.[0-9]+){2}")
NO_NAMES: Mapping[str, str] = MappingProxyType({})
LISTS = ("teams", "goals", "strategies", "actions", "measures")


def load_plan(path: Path | str, names: Mapping[str, str] = NO_NAMES) -> Plan:
    """Read a plan's file: goals, strategies, actions and measures.

    Parameters
    ----------
    path
        A TOML file such as config/plans/kansas-city-psp.toml.
    names
        Names in it, such as an office of another city, each with what stands for it.

    Returns
    -------
    Plan
        The plan, frozen.

    Raises
    ------
    ConfigError
        If the file is absent, is not TOML or has faults; `faults` holds all of them.

    Examples
    --------
    >>> plan = csa.load_plan("config/plans/kansas-city-psp.toml")
    >>> plan.actions[0].number
    '1.1.1'
    """
    path = Path(path)
    try:
        raw = read_toml(path)
    except ConfigError as error:
        if error.message.key in {"config.absent", "config.folder"}:  # those are about a city's file
            raise ConfigError("plan.absent", path=path, folder=Path.cwd()) from error
        raise
    raw = _renamed(raw, names)
    plan = validate(raw, Plan, path, list(_cross_faults(raw)))
    others = {language: path.with_suffix(f".{language}.po") for language in LANGUAGES}
    return plan.with_titles(
        {
            language: {
                (number, _renamed(title, names)): _renamed(said, names)
                for (number, title), said in _titles(file, language).items()
            }
            for language, file in others.items()
            if file.is_file()
        }
    )


def load_city_plan(path: Path, config: CityConfig | None = None) -> Plan | None:
    """Read the plan that a city's file names; None where it names none."""
    own = (config or load_city(path)).city
    return load_plan(path.parent / "plans" / own.plan, own.plan_names) if own.plan else None


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Replace names in every text of a value, longer ones first."""
    if isinstance(value, str):
        for name in sorted(names, key=len, reverse=True):
            value = value.replace(name, names[name])
        return value
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value


def _titles(path: Path, language: str) -> dict[tuple[str, str], str]:
    """Read titles in another language by number and English title, fuzzy ones left out."""
    try:
        catalog = read_catalog(path, language)
    except (OSError, ValueError) as error:
        raise ConfigError("plan.titles_unreadable", path=path, why=error) from error
    return {
        (str(entry.context), str(entry.id)): str(entry.string)
        for entry in catalog
        if entry.context and entry.string and not entry.fuzzy
    }


def _cross_faults(raw: Raw) -> Iterator[Message]:
    """Find faults across keys, in the raw file, so that they are reported with the others."""
    for name in LISTS:
        yield from _repeated(raw, name)
    yield from _lost_names(raw)
    yield from _open_slots(raw)
    yield from _lost_links(raw)
    yield from _cycles(raw)


def _items(raw: Raw, name: str) -> list[tuple[str, dict[str, Any]]]:
    """List a list's items, each with its place; values of other types are reported elsewhere."""
    found = raw.get(name)
    found = found if isinstance(found, list) else []
    return [
        (f"{name}[{place}]", item)
        for place, item in enumerate(found, start=1)
        if isinstance(item, dict)
    ]


def _texts(raw: Raw, name: str, key: str = "number") -> list[str]:
    return [item[key] for _, item in _items(raw, name) if isinstance(item.get(key), str)]


def _repeated(raw: Raw, name: str) -> Iterator[Message]:
    key = "id" if name in {"teams", "measures"} else "number"
    seen = Counter[str]()
    for where, item in _items(raw, name):
        given = item.get(key)
        if isinstance(given, str):
            seen[given] += 1
            if seen[given] > 1:
                yield msg("plan.fault_twice", key=f"{where}.{key}", given=given)


def _lost_names(raw: Raw) -> Iterator[Message]:
    """Find items that name, by their own number or otherwise, what is absent."""
    goals, strategies, actions = (_texts(raw, n) for n in ("goals", "strategies", "actions"))
    of_goals = [*_named(raw, "teams", "goal"), *_named(raw, "measures", "goals")]
    for kind, found, known in (
        ("strategy", _parents(raw, "actions"), strategies),
        ("goal", _parents(raw, "strategies"), goals),
        ("goal", of_goals, goals),
        ("action", _named(raw, "measures", "since_action"), actions),
        ("team", _named(raw, "goals", "team"), _texts(raw, "teams", "id")),
    ):
        for where, given in found:
            if given not in known:
                yield msg("plan.fault_unknown", key=where, kind=kind, given=given)


def _named(raw: Raw, name: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text under a key, or in its list, with its place."""
    for where, item in _items(raw, name):
        wanted = item.get(key)
        for given in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(given, str):
                yield f"{where}.{key}", given


def _parents(raw: Raw, name: str) -> Iterator[tuple[str, str]]:
    """Yield the number of each item's parent, with the place of its own."""
    for where, number in _named(raw, name, "number"):
        if _parent(number):
            yield where, _parent(number)


def _open_slots(raw: Raw) -> Iterator[Message]:
    for where, action in _items(raw, "actions"):
        title = action.get("title", "")
        if not isinstance(title, str):
            continue
        is_open = action.get("is_open", False)
        if is_open is True and title.strip():
            yield msg("plan.fault_open_title", key=f"{where}.title", given=title)
        if is_open is False and not title.strip():
            yield msg("plan.fault_no_title", key=f"{where}.title")


def _links(raw: Raw) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each link with its place and the number of its item."""
    for name in ("strategies", "actions"):
        for where, item in _items(raw, name):
            for place, link in _items(item, "needs"):
                if isinstance(item.get("number"), str):
                    yield f"{where}.{place}", item["number"], link


def _lost_links(raw: Raw) -> Iterator[Message]:
    linkable = {*_texts(raw, "strategies"), *_texts(raw, "actions")}
    known = {"on": linkable, "source": linkable | set(_texts(raw, "goals"))}
    for where, _, link in _links(raw):
        for key, numbers in known.items():
            given = link.get(key)
            if isinstance(given, str) and given not in numbers:
                yield msg("plan.fault_unknown", kind="item", key=f"{where}.{key}", given=given)


def _cycles(raw: Raw) -> Iterator[Message]:
    """Find items that wait for each other, one cycle after another."""
    waits = _waits(raw)
    while True:
        try:
            TopologicalSorter(waits).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]  # the next waits for each; the first again last
            for earlier, later in pairwise(cycle):
                # A link between an item and its parent cannot be removed.
                if earlier != f"{_parent(later)}<" and _parent(earlier) != later:
                    waits[later].discard(earlier)
            names = dict.fromkeys(node.rstrip("<") for node in reversed(cycle))
            yield msg("plan.fault_cycle", listed=", ".join(names))
        else:
            return


def _waits(raw: Raw) -> dict[str, set[str]]:
    """Map each item to what it waits for.

    A strategy has two nodes: its start `1.2<`, which waits for what the strategy needs, and its
    end `1.2`, which waits for its actions; they wait for its start.
    """
    waits: dict[str, set[str]] = {}
    for number in filter(STRATEGY.fullmatch, _texts(raw, "strategies")):
        waits[number], waits[f"{number}<"] = set(), set()
    for number in filter(ACTION.fullmatch, _texts(raw, "actions")):
        waits[number] = {f"{_parent(number)}<"}
        waits.setdefault(_parent(number), set()).add(number)
    for _, number, link in _links(raw):
        node = f"{number}<" if f"{number}<" in waits else number
        is_wait = link.get("kind", "waits") == "waits" and isinstance(link.get("on"), str)
        if is_wait and node in waits:
            waits[node].add(link["on"])
    return waits


def _parent(number: str) -> str:
    return number.rpartition(".")[0]
