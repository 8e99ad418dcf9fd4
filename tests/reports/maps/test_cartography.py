"""Maps that stand still: where things are, what they say, that no label hides another."""

import io
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from PIL import Image
from pyproj import Geod, Proj
from tests.properties import examples
from tests.sentences import says

from csa.base.errors import CsaError, MapError
from csa.base.schema import UNASSIGNED
from csa.geo.cells import cover_study_area
from csa.geo.palette import PAPER, class_colors
from csa.reports.maps.cartography import compose_map, draw_map, fitted_lines
from csa.reports.maps.layers import extent_m, fit, north_degrees, scale_bar
from csa.reports.maps.marks import Fill, Stroke, font_path, is_writable, width_px, wrap, writable
from csa.reports.maps.sheet import PRINT, MapArea, MapSheet

REPEATABLE = examples(0.3)
WEST, SOUTH, EAST, NORTH = -94.62, 39.00, -94.50, 39.10
SIXTY = "The Greater Northeastern Historic Riverfront and Garden Slope"
WHOLE = shapely.box(WEST, SOUTH, EAST, NORTH)
CELLS = tuple(int(cell) for cell in cover_study_area(WHOLE, 8).index)
CLASSES = ("fewer than 10", "10 to 24", "25 to 49", "50 or more")


def feature(geometry, **properties):
    shape = json.loads(shapely.to_geojson(geometry))
    return {"type": "Feature", "properties": properties, "geometry": shape}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


LAYERS = {
    "water": collection(feature(shapely.box(-94.61, 39.05, -94.51, 39.055))),
    "parks": collection(feature(shapely.box(-94.60, 39.06, -94.59, 39.07))),
    "streets": collection(feature(shapely.MultiLineString([[(-94.56, 39.0), (-94.56, 39.1)]]))),
    "main_streets": collection(
        feature(shapely.MultiLineString([[(WEST, 39.03), (EAST, 39.03)]]), name="Long Avenue"),
        feature(shapely.MultiLineString([[(-94.55, SOUTH), (-94.55, NORTH)]]), name=""),
    ),
}


def districts():
    """Give sixteen neighborhoods, four by four."""
    xs, ys = np.linspace(WEST, EAST, 5), np.linspace(SOUTH, NORTH, 5)
    boxes = [shapely.box(xs[i], ys[j], xs[i + 1], ys[j + 1]) for i in range(4) for j in range(4)]
    names = [f"Quarter {n}" for n in range(16)]
    return gpd.GeoDataFrame({"name": names}, geometry=boxes, crs="EPSG:4326")


def area(letter, lon, lat, name="Garden Slope", *, is_served=True, size=0.004):
    return MapArea(letter, name, shapely.Point(lon, lat).buffer(size, quad_segs=2), is_served)


def city(**changes):
    cells = tuple((cell, n % 4) for n, cell in enumerate(CELLS))
    sheet = MapSheet(
        study_area=WHOLE,
        neighborhoods=districts(),
        layers=LAYERS,
        cells=cells,
        class_words=CLASSES,
        areas=(area("A", -94.60, 39.02), area("B", -94.53, 39.08, "Hill", is_served=False)),
        legend_title="People shot",
        date_line="July 2017 to June 2020",
        source_line="Source: the city's police department",
        is_synthetic=False,
        units="us",
        metric_crs="EPSG:32615",
        language="en",
    )
    return replace(sheet, **changes)


def many(n=40, name="Garden Slope"):
    at = [(WEST + 0.013 + 0.0155 * (k % 7), SOUTH + 0.01 + 0.0155 * (k // 7)) for k in range(n)]
    letters = [chr(65 + k) if k < 26 else f"A{chr(65 + k - 26)}" for k in range(n)]
    return tuple(
        area(letter, lon, lat, name, is_served=k % 2 == 0, size=0.0015)
        for k, (letter, (lon, lat)) in enumerate(zip(letters, at, strict=True))
    )


def texts(composed):
    return [words.text for words in composed.words]


def luminance(color):
    """Give the relative luminance that WCAG 2 defines."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, two):
    light, dark = sorted([luminance(one), luminance(two)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def overlaps(composed):
    boxes = np.array([placed.box for placed in composed.labels], dtype=object)
    touching = shapely.intersects(boxes[:, None], boxes[None, :])
    return touching.sum() - len(boxes)


# ---- By hand --------------------------------------------------------------------------------


def test_the_scale_bar_is_as_long_as_it_says():
    """Two miles on the ellipsoid, walked by another library's geodesic, are the bar's pixels."""
    sheet = city()
    composed = compose_map(sheet)
    layout = composed.layout
    assert "2 miles" in texts(composed)
    lon, lat = (WEST + EAST) / 2, (SOUTH + NORTH) / 2
    there_lon, there_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, 90, 2 * 1609.344)
    here, there = layout.view.draw(shapely.points([(lon, lat), (there_lon, there_lat)]))
    strokes = [mark for mark in composed.furniture if isinstance(mark, Stroke)]
    (bar,) = [mark for mark in strokes if mark.width_px == 3]
    left, _, right, _ = shapely.bounds(bar.shapes[0])
    assert right - left == pytest.approx(shapely.distance(here, there), rel=0.002)


@pytest.mark.parametrize(
    ("units", "width_m", "label"),
    [
        ("us", 40_000, "5 miles"),
        ("us", 9_000, "1 mile"),
        ("us", 5_000, "½ mile"),
        ("us", 2_500, "¼ mile"),
        ("us", 1_000, "500 feet"),
        ("us", 600, "200 feet"),
        ("metric", 40_000, "5 km"),
        ("metric", 2_500, "500 m"),
    ],
)
def test_the_scale_bar_is_a_round_number(units, width_m, label):
    view = fit((0.0, 0.0, width_m, width_m), (0.0, 0.0, 1000.0, 1000.0), "EPSG:32615")
    length, said = scale_bar(view, units, "en", 220.0)
    assert said == label
    assert length <= 220


def test_north_leans_east_of_the_middle_of_the_zone_and_is_up_in_it():
    """By PROJ's own grid convergence, and by hand: near degrees from the middle x sin(latitude)."""
    view = fit((0.0, 0.0, 1e4, 1e4), (0.0, 0.0, 100.0, 100.0), "EPSG:32615")
    assert north_degrees(view, 500_000, 4_300_000) == pytest.approx(0, abs=1e-6)
    zone = Proj("EPSG:32615")
    x, y = zone(-92.0, 38.8)
    lean = zone.get_factors(-92.0, 38.8).meridian_convergence
    assert lean == pytest.approx(np.sin(np.radians(38.8)), abs=1e-3)
    assert north_degrees(view, x, y) == pytest.approx(-lean, abs=1e-3)


def test_north_is_up_and_east_to_the_right():
    view = compose_map(city()).layout.view
    spots = [(-94.56, 39.05), (-94.56, 39.06), (-94.55, 39.05)]
    (x, y), (_, y_north), (x_east, _) = shapely.get_coordinates(view.draw(shapely.points(spots)))
    assert y_north < y
    assert x_east > x


def test_the_sheet_says_what_it_shows():
    said = " ".join(texts(compose_map(city())))
    for text in (*CLASSES, "People shot", "July 2017 to June 2020", "Core service area", "N"):
        assert text in said
    assert "Candidate area" in said
    assert "Source: the city's police department" in said
    assert "SYNTHETIC" not in said
    assert "SYNTHETIC CITY" in texts(compose_map(city(is_synthetic=True)))


def test_a_cell_is_painted_in_its_class_with_a_light_line_and_outside_the_city_is_paper():
    cells = tuple((cell, 3) for cell in CELLS)
    sheet = city(cells=cells, layers={}, areas=(), neighborhoods=districts().iloc[:0])
    picture = Image.open(io.BytesIO(draw_map(sheet))).convert("RGB")
    left, top, right, bottom = compose_map(sheet).layout.view.box
    colors = picture.crop((int(left), int(top), int(right), int(bottom))).getcolors(1 << 22)
    two = [color for _, color in sorted(colors, reverse=True)[:2]]
    wanted = (class_colors(4)[3], PAPER.ground)
    assert all(any(_is_near(color, one) for color in two) for one in wanted)
    x, y = int(left + right) // 2, int(top + bottom) // 2
    middle = picture.crop((x - 60, y - 60, x + 60, y + 60)).getcolors(1 << 16)
    assert any(_is_near(color, PAPER.casing) for _, color in middle)


def _rgb(color):
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)])


def _is_near(color, wanted):
    return bool((abs(np.array(color) - _rgb(wanted)) <= 4).all())


def test_few_is_told_from_land_water_and_paper():
    few = class_colors(5)[0]
    assert few not in {PAPER.land, PAPER.water, PAPER.ground, PAPER.park}
    ground = compose_map(city()).ground
    assert few in {mark.color for mark in ground if isinstance(mark, Fill)}


def test_a_core_service_area_is_heavier_and_its_badge_is_dark():
    composed = compose_map(city())
    strokes = [mark for mark in composed.ground if isinstance(mark, Stroke)]
    candidate, served = [mark for mark in strokes if mark.color == PAPER.outline]
    assert served.width_px > candidate.width_px
    badges = [mark.color for mark in composed.label_marks if isinstance(mark, Fill)]
    assert badges.count(PAPER.ink) == 1


def test_a_zone_is_dashed_and_stands_under_the_areas():
    sheet = city(zones=(shapely.box(-94.57, 39.04, -94.55, 39.06),))
    ours = [one for one in compose_map(sheet).ground if isinstance(one, Stroke)]
    dashed = [at for at, one in enumerate(ours) if one.is_dashed]
    areas = [at for at, one in enumerate(ours) if one.color == PAPER.outline and not one.is_dashed]
    assert len(dashed) == 1
    assert dashed[0] < min(areas)
    assert not [one for one in compose_map(city()).ground if getattr(one, "is_dashed", False)]


def around(here, **changes):
    """Give the sheet of a walk."""
    only = {"focus": here.shape, "areas": (here,), "cells": (), "class_words": ()}
    return city(**only, street_names=True, **changes)


def test_a_walk_sheet_is_drawn_around_its_area_two_blocks_wide():
    here = area("A", -94.56, 39.05)
    sheet = around(here)
    west, south, east, north = extent_m(sheet)
    walk = compose_map(sheet)
    drawn = walk.layout.view.draw([here.shape])[0]
    left, top, right, bottom = shapely.bounds(drawn)
    box = walk.layout.view.box
    nearest = min(left - box[0], top - box[1], box[2] - right, box[3] - bottom)
    assert 250 * walk.layout.view.px_per_m <= nearest < 300 * walk.layout.view.px_per_m
    assert east - west > 0 < north - south
    assert "fewer than 10" not in texts(walk)


def test_a_walk_sheet_names_main_streets_and_numbers_services():
    here = area("A", -94.56, 39.035, size=0.008)
    at = (-94.562, 39.036)
    services = (("A church", *at, 1), ("A school", *at, 2), ("Far", -94.4, 39.3, 3))
    composed = compose_map(around(here, services=services))
    said = [placed.text for placed in composed.labels]
    assert {"1", "2", "Long Avenue"} <= set(said)
    assert "3" not in said
    assert composed.notes.missing == ("3",)
    assert says("map_sheet.not_shown", which=3) in texts(composed)
    assert says("map_sheet.service") in texts(composed)
    assert overlaps(composed) == 0


def test_a_street_is_named_along_its_line():
    sheet = city(focus=shapely.box(-94.57, 39.025, -94.55, 39.035), areas=(), street_names=True)
    words = {words.text: words for words in compose_map(sheet).words}
    name = words["Long Avenue"]
    assert abs(name.angle) < 2
    on_it = compose_map(sheet).layout.view.draw(
        [shapely.LineString([(WEST, 39.03), (EAST, 39.03)])]
    )
    assert shapely.distance(on_it[0], shapely.Point(name.x, name.y)) < 2


# ---- At the edge ----------------------------------------------------------------------------


def test_a_map_has_the_size_of_a_page_or_the_one_asked_for():
    sheet = city(layers={}, cells=(), class_words=())
    size = Image.open(io.BytesIO(draw_map(sheet))).size
    assert size == PRINT.size_px
    asked = Image.open(io.BytesIO(draw_map(sheet, size_px=(900, 800)))).size
    assert asked == (900, 800)


@pytest.mark.long
def test_a_printed_map_is_small_and_carries_no_time_and_no_name_of_a_program():
    png = draw_map(city(areas=many()))
    assert len(png) < 250_000
    with Image.open(io.BytesIO(png)) as picture:
        assert set(picture.info) <= {"dpi"}
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert picture.mode == "P"


def test_forty_areas_have_their_letter_and_no_label_hides_another():
    composed = compose_map(city(areas=many()))
    letters = {placed.text.split()[0] for placed in composed.labels}
    assert {one.letter for one in many()} - letters == set(composed.notes.unlabeled)
    assert len(composed.notes.unlabeled) <= 2
    assert composed.notes.is_lettered
    assert overlaps(composed) == 0
    assert says("map_sheet.names_in_list") in " ".join(texts(composed)) or "Garden Slope" in texts(
        composed
    )


def test_names_of_sixty_letters_stay_on_the_sheet():
    areas = tuple(replace(one, name=SIXTY) for one in city().areas)
    sheet = city(areas=areas, neighborhoods=districts().assign(name=SIXTY), source_line=SIXTY * 4)
    composed = compose_map(sheet)
    assert overlaps(composed) == 0
    width, height = PRINT.size_px
    for words in composed.words:
        assert (
            words.align == "center"
            or words.x + width_px(words.text, words.size_px, is_bold=words.is_bold) <= width + 1
        )
        assert words.y <= height


def test_a_neighborhood_without_a_name_is_not_called_unassigned():
    named = compose_map(city(neighborhoods=districts().assign(name="Somewhere")))
    unnamed = compose_map(city(neighborhoods=districts().assign(name=UNASSIGNED)))
    assert "Somewhere" in texts(named)
    assert UNASSIGNED not in texts(unnamed)


def test_a_few_areas_have_their_names_beside_them():
    said = [placed.text for placed in compose_map(city()).labels]
    assert {"A Garden Slope", "B Hill"} <= set(said)


def test_a_crowded_map_lists_the_names_beside_it():
    areas = tuple(
        area(chr(65 + k), -94.56 + 0.002 * k, 39.05, f"Place {k}", size=0.001) for k in range(6)
    )
    composed = compose_map(city(areas=areas))
    assert {placed.text for placed in composed.labels} >= set("ABCDEF")
    assert {f"Place {k}" for k in range(6)} <= set(texts(composed))


def test_an_area_outside_the_city_is_said_to_be_missing():
    composed = compose_map(city(areas=(area("A", -94.60, 39.02), area("Z", -93.0, 38.0))))
    assert composed.notes.missing == ("Z",)
    assert says("map_sheet.not_shown", which="Z") in texts(composed)


@pytest.mark.parametrize(
    "changes",
    [
        {"neighborhoods": districts().iloc[:0]},
        {"cells": (), "class_words": ()},
        {"cells": ()},
        {"areas": ()},
        {"layers": {}},
        {"layers": dict.fromkeys(LAYERS, collection())},
        {"areas": (MapArea("A", "", shapely.Polygon(), True),)},
        {"focus": shapely.Point(-94.56, 39.05)},
        {"focus": shapely.Polygon()},
        {"date_line": "", "source_line": "", "legend_title": ""},
    ],
    ids=str,
)
def test_what_is_absent_is_left_out(changes):
    assert draw_map(city(**changes), size_px=(700, 600)).startswith(b"\x89PNG")


def test_words_in_other_scripts_and_signs_are_written_or_left_out_without_a_warning():
    names = ["中文街区", "שכונת הגן", "حي النهر", "a$b_{x}$", "<b>&amp;</b>", "", "  ", "É\nÑ"]
    areas = tuple(
        area("ABCDEFGH"[k], -94.61 + 0.014 * k, 39.05, name, size=0.001)
        for k, name in enumerate(names)
    )
    table = districts().assign(name=(names * 2))
    sheet = city(areas=areas, neighborhoods=table, source_line="Источник: 警察", legend_title="中")
    said = texts(compose_map(sheet))
    assert "Источник: ?" in said
    assert draw_map(sheet).startswith(b"\x89PNG")


def test_a_letter_that_the_font_lacks_is_never_shown_as_another():
    assert not is_writable("中文")
    assert not is_writable("  ")
    assert writable("a 中文 b\n c") == "a ? b c"


# ---- Refused --------------------------------------------------------------------------------


def test_nothing_to_show_is_refused():
    nothing = city(
        study_area=shapely.Polygon(), neighborhoods=districts().iloc[:0], areas=(), cells=()
    )
    with pytest.raises(MapError, match="nothing to show"):
        draw_map(nothing)


@pytest.mark.parametrize("level", [-1, 4])
def test_a_cell_without_a_class_is_refused(level):
    cell = city().cells[0][0]
    with pytest.raises(MapError, match=f"class {level + 1} of 4"):
        draw_map(city(cells=((cell, level),)))


def test_a_sheet_too_small_for_its_words_is_refused():
    with pytest.raises(MapError, match="200 by 100 pixels"):
        draw_map(city(), size_px=(200, 100))


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": {"water": "{"}},
        {"layers": {"main_streets": '{"a": 1}'}, "street_names": True},
        {"metric_crs": "EPSG:4326"},
        {"neighborhoods": districts().drop(columns="name")},
    ],
    ids=["damaged", "no features", "degrees", "no names"],
)
def test_what_cannot_be_drawn_is_one_error_with_a_sentence(changes):
    with pytest.raises(CsaError) as refused:
        draw_map(city(**changes))
    assert str(refused.value).endswith(".")


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.long
def test_the_same_sheet_gives_the_same_bytes_in_two_threads_at_once():
    sheet = city(is_synthetic=True, areas=many(12))
    first = draw_map(sheet, size_px=(1000, 800))
    with ThreadPoolExecutor(2) as both:
        made = [both.submit(draw_map, sheet, size_px=(1000, 800)) for _ in range(2)]
    assert [one.result() for one in made] == [first, first]


def test_words_are_told_from_what_they_stand_on():
    """4.5 to 1, on the casing or paper that all words have."""
    composed = compose_map(city(is_synthetic=True))
    for words in composed.words:
        under = PAPER.ink if words.color == PAPER.casing else PAPER.ground
        assert contrast(words.color, under) >= 4.5, words


@pytest.mark.parametrize("n_classes", range(1, 7))
def test_classes_are_told_apart_by_lightness_alone(n_classes):
    light = [luminance(color) for color in class_colors(n_classes)]
    steps = [(one + 0.05) / (two + 0.05) for one, two in itertools.pairwise(light)]
    assert all(step > 1.25 for step in steps)


@pytest.mark.parametrize(
    "text", ["Nicetown-Tioga, northeast", "People shot, July 2017", "AVATAR To", "¼ mile"]
)
@pytest.mark.parametrize("is_bold", [False, True])
def test_a_line_is_measured_as_it_is_drawn(text, is_bold):
    canvas = FigureCanvasAgg(Figure(dpi=72))
    font = FontProperties(fname=font_path(is_bold=is_bold), size=28)
    drawn, *_ = canvas.get_renderer().get_text_width_height_descent(text, font, ismath=False)
    measured = width_px(text, 28, is_bold=is_bold)
    assert drawn - 2 <= measured <= 1.12 * drawn + 2  # no room is taken off for close pairs


@REPEATABLE
@given(st.text("abc é-", max_size=90), st.floats(60, 400), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_but_what_dots_tell(text, room, most):
    lines = wrap(text, 20, room, most)
    assert len(lines) <= most
    assert all(width_px(line, 20) <= room or len(line) <= 2 for line in lines)
    kept, whole = "".join("".join(lines).split()), "".join(text.split())
    assert kept == whole or (kept.endswith("…") and whole.startswith(kept[:-1]))


@REPEATABLE
@given(st.lists(st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH)), min_size=1, max_size=14))
def test_no_label_hides_another_wherever_areas_are(spots):
    areas = tuple(
        area(chr(65 + k), lon, lat, f"Place {k}", size=0.0015) for k, (lon, lat) in enumerate(spots)
    )
    sheet = city(areas=areas, cells=(), class_words=(), layers={})
    composed = compose_map(sheet)
    assert overlaps(composed) == 0
    frame = composed.layout.view.frame
    assert all(shapely.covers(frame, placed.box) for placed in composed.labels)


def test_a_line_of_the_legend_is_set_smaller_before_it_is_broken():
    whole = fitted_lines("Core service area", 20, 500, PAPER.ink)
    shrunk = fitted_lines("Core service area", 20, 0.85 * whole.width, PAPER.ink)
    broken = fitted_lines("Core service area", 20, 0.75 * whole.width, PAPER.ink)
    assert [len(one.marks) for one in (whole, shrunk, broken)] == [1, 1, 2]
    assert shrunk.marks[0].size_px < 20 == broken.marks[0].size_px
    assert shrunk.width <= 0.85 * whole.width
