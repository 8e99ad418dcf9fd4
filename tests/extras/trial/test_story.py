"""The lottery of the made-up program: it can be repeated, and set the areas' starts."""

import json

from csa.extras.trial.draw import find_differences
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.store.tables import DrawRow


def test_the_draw_among_four_can_be_repeated_and_set_the_starts(story_folder, root):
    truth = json.loads((root / "data" / "sample" / "truth.json").read_text())["program"]
    store = open_store(str(story_folder / "store.sqlite3"), city="sample")
    records = read_records(store)
    store.engine.dispose()
    (row,) = records.of(DrawRow)
    assert find_differences(row.record) == ()
    assert (str(row.closed_on), str(row.drawn_on)) == ("2019-03-14", "2019-04-26")
    names = {one["area_id"]: one["place_name"] for one in row.record["entrants"]}
    starts = {names[slot["area_id"]]: slot["start"] for slot in row.record["slots"]}
    since = [area["since"] for area in truth["areas"]]
    assert starts == dict(zip((area.place_name for area in records.areas), since, strict=True))
