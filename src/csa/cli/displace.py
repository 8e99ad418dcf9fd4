"""The command that follows areas: fewer here, or next door, or what would have come anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.text import month, percent, render, tr
from csa.cli.console import progress, show, show_json, show_written
from csa.cli.options import (
    CityOption,
    DatasetOption,
    JsonOption,
    StoreOption,
    load_city_option,
    stored_records,
)

if TYPE_CHECKING:
    from csa.change.follow import FollowedAreas
    from csa.program.registry import Zone
    from csa.workflow.products import ChangeMade

N_STEPS = 6 + 36
"""With a window a month of three years."""
MAX_NAMED = 12
"""More names are no sentence."""


def displace(
    city: CityOption,
    dataset: DatasetOption,
    out: Annotated[Path, typer.Option(help="Folder for the results.", metavar="DIR")],
    areas: Annotated[
        Path | None,
        typer.Option(
            help="Areas to follow: from `csa propose` or `csa area export`, or a map file.",
            metavar="FILE",
        ),
    ] = None,
    is_served: Annotated[
        bool,
        typer.Option("--served", help="Follow the core service areas, each from its start date."),
    ] = False,
    zone: Annotated[
        str | None,
        typer.Option(help="Follow one of your zones, by name or id (`csa zone list`)."),
    ] = None,
    store: StoreOption = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="First month after the start (default: an area's start of service, or a year "
            "before the end).",
            metavar="YYYY-MM",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check whether areas had fewer shootings than expected, and whether they moved nearby."""
    config = load_city_option(city)
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import resolve_settings
    from csa.base.errors import ParamError
    from csa.base.io import replace_folder, require_writable
    from csa.base.params import Month
    from csa.change.files import MARKER
    from csa.city.dataset import open_city
    from csa.city.selection import read_areas
    from csa.ingest.polygons import draw_areas, has_cells
    from csa.workflow.products import make_change

    start = None if since is None else Month.parse(since, "--since")
    if (areas is not None) + is_served + (zone is not None) != 1:
        raise ParamError("follow.which_areas")
    chosen = own = None
    is_bare = areas is not None and not has_cells(areas)
    if areas is not None:
        chosen = None if is_bare else read_areas(areas)
    elif zone is not None:
        from csa.program.registry import all_zones, find_zone

        own = find_zone(all_zones(stored_records(config, store)), zone)
    else:
        from csa.program.registry import all_services, followed

        chosen = followed(all_services(stored_records(config, store)))
    if own is None and not is_bare and (chosen is None or not chosen.cells):
        if as_json:
            show_json({"areas": 0})
        else:
            show(tr("follow.none_served" if areas is None else "follow.no_area", path=areas))
        return
    choices = resolve_settings(config, None, chosen.kinds if chosen else ())
    require_writable(out)
    with progress(N_STEPS) as step:
        step("load")
        analysis = Analysis(open_city(config, dataset), choices, progress=step)
        if areas is not None and is_bare:
            chosen = draw_areas(areas, analysis.city.dataset.study_area, choices.resolution)
        chosen = chosen if own is None else analysis.zone_areas(own)
        made = make_change(analysis, chosen, start)
        step("write")
        replace_folder(out, MARKER, made.files)
    if as_json:
        show_json(made.account)
    else:
        if is_served and since is not None:
            show(tr("evaluate.not_agreed"))
        show_change(made, out, own, choices.kinds)


def show_change(
    made: ChangeMade, out: Path, zone: Zone | None = None, kinds: Sequence[str] = ()
) -> None:
    """Print what changed, beside what would have come anyway."""
    from csa.change.sentences import describe_area_basis, state_change
    from csa.program.zones import describe_boundary

    followed, account = made.followed, made.account
    ground = [*map(render, describe_area_basis(followed.displaced))]
    if zone is not None:
        stated, dataset = state_change(followed.displaced, zone.key), followed.city.dataset
        ground += map(render, describe_boundary(dataset, zone, [stated], kinds))
    show(account["pooled"]["sentence"], *ground, *_caution(followed))
    show(*_before_after(followed, account))
    show(*_counted(followed), *_singles(account["single"]))
    show(*(told for one in account["outcomes"] for told in one["sentences"]), *made.sentences)
    show(*lineage_sentences(followed))
    show(*_months(followed))
    show_written(out, made.files)


def _before_after(followed: FollowedAreas, account: Mapping[str, Any]) -> Iterator[str]:
    from csa.change.sentences import before_and_after, describe_net_change

    told, by_themselves = before_and_after(followed.displaced, followed.course)
    yield render(told)
    # Where it is not known, the reason names what to do about it.
    yield account["usual"]["reason"] or render(by_themselves)
    net = describe_net_change(followed.displaced.pooled, -1)
    if net is not None:
        yield tr("follow.net_change", said=render(net))


def _singles(single: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """List each area that changed, then on one line each those with too few and those unchanged."""
    from csa.city.preregistration import Verdict

    if len(single) == 1:
        return
    by_verdict: dict[str, list[Mapping[str, Any]]] = {}
    for one in single:
        by_verdict.setdefault(one["verdict"], []).append(one)
    too_early = by_verdict.pop(str(Verdict.TOO_EARLY), [])
    too_few = by_verdict.pop(str(Verdict.TOO_FEW), [])
    same = by_verdict.pop(str(Verdict.NO_CHANGE), [])
    for changed in by_verdict.values():
        yield from (one["sentence"] for one in changed)
    if too_early:
        yield tr("follow.too_early", n=len(too_early), areas=_named(too_early))
    if too_few:
        yield tr("follow.too_few", n=len(too_few), areas=_named(too_few))
    if same:
        yield tr("follow.no_change", n=len(same), areas=_named(same))
        power = max(same, key=lambda one: one["core"]["expected"])["power"][-1]
        share = percent(power["fall_share"])
        yield tr("follow.power", n=round(100 * power["told_share"]), share=share)


def _named(areas: Sequence[Mapping[str, Any]]) -> str:
    return _listed([_name(one) for one in areas], ", ")


def _name(area: Mapping[Any, Any]) -> str:
    """Name an area by its place, and its letter if it has one."""
    from csa.change.sentences import name_in_sentence

    area_id, place = str(area["area_id"]), str(area["place_name"])
    return area_id if place in {"", area_id} else name_in_sentence(area_id, place)


def _listed(names: Sequence[str], between: str) -> str:
    named = between.join(names[:MAX_NAMED])
    left = len(names) - MAX_NAMED
    return named if left <= 0 else tr("label.and_more", names=named, n=left)


def _counted(followed: FollowedAreas) -> Iterator[str]:
    """Describe what is counted where that is not all shootings."""
    city, kinds = followed.city.config.city, followed.displaced.chosen.kinds
    if len(kinds) == 1:
        yield tr("follow.counted_homicides" if kinds == ("homicide",) else "follow.counted_other")
    if city.nonfatal_is_proxy and kinds != ("homicide",):
        yield tr("follow.proxy", name=city.nonfatal_name)


def _caution(followed: FollowedAreas) -> Iterator[str]:
    displaced = followed.displaced
    n_outside = displaced.places.n_outside
    if n_outside:
        yield tr("follow.outside", n=n_outside)
    if displaced.chosen.is_exploratory:
        yield tr("zone.exploratory", since=month(str(displaced.since_all)))
    elif displaced.is_selected_on_outcome is None:
        yield tr("follow.knew_unknown", since=month(str(displaced.since_all)))
    if displaced.is_selected_on_outcome:
        yield tr("follow.knew_after", since=month(str(displaced.since)), month=displaced.since)


def lineage_sentences(followed: FollowedAreas) -> Iterator[str]:
    """Name the areas that appeared or went, and the month; then how often chance does that."""
    table = followed.lineage
    if table.empty:
        return
    first, last = (month(str(find(table["last_month"]))) for find in (min, max))
    values = {"months": followed.lineage_months, "first": first, "last": last}
    newest_first = table.iloc[::-1].to_dict("records")
    events = [
        tr(key, area=_name(row), month=month(str(row["last_month"])))
        for event, key in (("appeared", "follow.appeared"), ("gone", "follow.gone"))
        for row in newest_first
        if row["event"] == event
    ]
    if events:
        yield tr("follow.lineage", changes=_listed(events, "; "), **values)
    else:
        yield tr("follow.lineage_none", **values)
    chance = followed.chance
    if chance is not None and chance.area_years:
        share = (chance.appeared + chance.gone) / chance.area_years
        yield tr("follow.by_chance", share=percent(share))


def _months(followed: FollowedAreas) -> Iterator[str]:
    from csa.change.season import as_message
    from csa.city.history import describe_revisions

    yield render(as_message(followed.newest, (tr("follow.one_shooting"), tr("follow.shootings"))))
    yield tr("change_page.provisional", month=month(str(followed.newest.month)))
    yield from map(render, describe_revisions(followed.revisions))
