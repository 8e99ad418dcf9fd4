"""The life of an area, step by step, without a store."""

from datetime import date

from csa.program.store.records import Records
from csa.program.store.tables import AreaRow, StepRow


def life(key, *steps, name=None):
    """Make an area of its steps: a state, a day, cells, and what it rested on."""
    rows = []
    for number, (state, day, cells, *evidence) in enumerate(steps, start=1):
        row = StepRow(key=f"{key}/{number}", area=key, state=state, on_date=date(*day))
        row.cells, row.evidence = list(cells), dict(*evidence)
        rows.append(row)
    last = rows[-1]
    return AreaRow(key=key, place_name=name or key, state=last.state, since=last.on_date), rows


def records(*lives):
    areas, steps = zip(*lives, strict=True)
    return Records(areas=areas, steps=tuple(step for rows in steps for step in rows))
