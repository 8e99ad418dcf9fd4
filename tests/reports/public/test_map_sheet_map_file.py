"""The map of the public facts: published counts alone, in a file that asks for nothing."""

import base64
import json
import re

import h3
import numpy as np
from tests.geometry_file import corners_of

from csa.base.text import Translator
from csa.geo.palette import class_colors
from csa.reports.public.map_sheet import public_file, public_message
from csa_app.shared.theme import DARK

BOUNDS = [[39.0, -94.7], [39.2, -94.4]]


def unpacked(text):
    return np.frombuffer(base64.b64decode(text[1:]), dtype=f"<u{text[0]}").tolist()


def counts_in(time):
    """Each cell's count as the browser has it, the cell found again from its middle."""
    middles = [np.mean(ring, axis=0) for ring in corners_of(time["near"])]
    cells = [h3.latlng_to_cell(lat, lon, 8) for lon, lat in middles]
    numbers = np.cumsum(unpacked(time["gaps"]))
    return {cells[n]: count for n, count in zip(numbers, unpacked(time["counts"]), strict=True)}


def test_the_map_has_each_published_cell_and_area_with_its_published_count(public_made):
    facts, told = public_made.facts, public_message(public_made.facts)
    published = public_made.publication.counts["cell"]["2017/2019"]
    known = {cell: n for cell, n in published.items() if n is not None}
    assert len(known) > 20
    assert min(known.values()) >= 10
    assert counts_in(told["time"]) == known
    assert len(told["time"]["names"]) == 1  # no month, no quarter
    assert told["time"]["total"] == public_made.publication.counts["city"]["2017/2019"]["all"]
    lines = {one["properties"]["letter"]: one["properties"]["lines"] for one in told["areas"]}
    assert [*lines] == [area.letter for area in facts.areas]
    for area in facts.areas:
        assert f": {area.count}, " in lines[area.letter][1]


def test_classes_are_those_of_the_public_map(public_facts):
    time = public_message(public_facts)["time"]
    highest = max(one.count or 0 for one in public_facts.cells)
    assert time["least"] == public_facts.classes[1].low == 10
    assert time["bounds"] == [one.high or highest for one in public_facts.classes[1:]]
    assert len(time["palette"]) == len(time["bounds"])


def test_the_file_asks_for_nothing_and_names_its_source(public_facts):
    page = public_file(public_facts, "en", {"layers": {}}, BOUNDS).decode()
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=", page)
    assert public_facts.source in page
    sent = json.JSONDecoder().raw_decode(page[page.rindex(", {") + 2 :])[0]
    assert sent == json.loads(json.dumps(public_message(public_facts)))


def test_where_each_cell_has_fewer_than_ten_only_areas_are_shown(public_facts):
    few = tuple(one.model_copy(update={"count": None}) for one in public_facts.cells)
    told = public_message(public_facts.model_copy(update={"cells": few}))
    assert told["time"] is None
    assert len(told["areas"]) == len(public_facts.areas)


def test_in_spanish_the_same_numbers_have_spanish_words_and_say_who_has_not_read_them(public_facts):
    facts = public_facts.model_copy(update={"spanish_office": ""})
    plain, spanish = (public_message(facts, language)["time"] for language in ("en", "es"))
    assert [spanish[name] for name in ("counts", "bounds")] == [
        plain[name] for name in ("counts", "bounds")
    ]
    for name in ("titles", "note", "names"):
        assert spanish[name] != plain[name]
    page = public_file(facts, "es", {"layers": {}}, BOUNDS).decode()
    assert Translator("es")("public.unreviewed") in page
    assert "Tiroteos" in page or "tiroteos" in page.lower()


def test_on_a_dark_ground_the_most_is_the_lightest(public_facts):
    dark = public_message(public_facts, palette=DARK)["time"]["palette"]
    light = public_message(public_facts)["time"]["palette"]
    assert dark == class_colors(len(public_facts.classes), DARK)[1:]
    assert sum(bytes.fromhex(dark[-1][1:])) > sum(bytes.fromhex(dark[0][1:]))
    assert sum(bytes.fromhex(light[-1][1:])) < sum(bytes.fromhex(light[0][1:]))
