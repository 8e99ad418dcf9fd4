"""Public values made from a settled publication: each number, class and change, or None."""

from __future__ import annotations

from collections.abc import Iterator

from csa.disclosure.classes import CLASSES, HIDDEN, LOWEST, THRESHOLD, Class, classes_up_to
from csa.disclosure.published import Publication
from csa.reports.public.areas import PooledChange, PublicAreaGround
from csa.reports.public.counts import AREA, CELL, DISTRICT, cells_on
from csa.reports.public.facts import PublicArea, PublicChange, PublicPlace
from csa.reports.public.window import PublicWindow


def districts_told(
    window: PublicWindow, settled: Publication, classes: tuple[Class, ...]
) -> tuple[PublicPlace, ...]:
    """Return each neighborhood's number, and its darkest class on the map."""
    levels = {cell: level_of(bounds, classes) for cell, bounds in settled.classes[CELL].items()}
    on_one = cells_on(window.dataset)
    return tuple(
        PublicPlace(
            name=name,
            count=count,
            level=max((levels.get(cell, 0) for cell in on_one.get(name, ())), default=None),
        )
        for name, count in sorted(settled.counts[DISTRICT].items())
    )


def classes_told(settled: Publication) -> tuple[Class, ...]:
    """List the classes up to the highest in use, so that a color keeps its meaning."""
    found = set(settled.classes[CELL].values()) - {LOWEST, HIDDEN}
    if found <= set(CLASSES):  # otherwise published by an earlier version, which stands
        found = set(classes_up_to(max((low for low, _ in found), default=0))) - {LOWEST}
    return (_lowest(settled), *sorted(found, key=lambda bounds: bounds[0]))


def _lowest(settled: Publication) -> Class:
    """Return the lowest class: one that admits held-back cells, if there are any."""
    return HIDDEN if HIDDEN in settled.classes[CELL].values() else LOWEST


def level_of(bounds: Class, classes: tuple[Class, ...]) -> int:
    """Return the position of a cell's class."""
    return 0 if bounds in (LOWEST, HIDDEN) else classes.index(bounds)


def area_told(area: PublicAreaGround, settled: Publication) -> PublicArea:
    """Return the public facts of an area."""
    return PublicArea(
        letter=area.letter,
        place_name=area.place_name,
        state=area.state,
        since=area.since,
        cells=settled.places[AREA][area.letter],
        count=settled.counts[AREA][area.letter],
    )


def change_told(change: PooledChange | None, settled: Publication) -> PublicChange | None:
    """Return the public facts of the change in all areas together."""
    if change is None:
        return None
    counted = next(iter(_counts_of(change, settled)), None)
    # If an earlier figure of this quarter stands, today's range does not belong to it.
    is_todays = counted is not None and counted == change.counted
    return PublicChange(
        verdict=change.verdict,
        since=str(change.since),
        through=str(change.through),
        counted=counted,
        low=_from_ten(change.low) if is_todays else None,
        high=_from_ten(change.high) if is_todays else None,
        is_usual_known=change.is_usual_known,
    )


def _counts_of(change: PooledChange, settled: Publication) -> Iterator[int]:
    """Find the publishable count for exactly these places and months."""
    cells = frozenset(f"{cell:x}" for cell in change.cells)
    for each in settled.sums:
        own = (settled.places[each.geography][place] for place in each.places)
        is_same = frozenset(cell for one in own for cell in one) == cells
        months = (each.start, each.until)
        is_then = months == (change.since, change.through.plus(1))
        if is_same and is_then and each.count is not None:
            yield each.count


def _from_ten(count: int | None) -> int | None:
    return None if count is None or count < THRESHOLD else count
