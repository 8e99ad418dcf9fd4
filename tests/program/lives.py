"""The life of an area, step by step, without a store."""

from datetime import date

from csa.program.store.records import Records
from csa.program.store.tables import AreaRow, StepRow


def life(key, *steps):
    rows = []
    for number, (state, day, cells) in enumerate(steps, start=1):
        row = StepRow(key=f"{key}/{number}", area=key, state=state, on_date=date(*day))
        row.cells, row.evidence = list(cells), {}
        rows.append(row)
    return AreaRow(key=key, place_name=key, state=rows[-1].state, since=rows[-1].on_date), rows


def records(*lives):
    areas, steps = zip(*lives, strict=True)
    return Records(areas=areas, steps=tuple(step for rows in steps for step in rows))
