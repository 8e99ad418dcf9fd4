"""Why here, of one area: its factors, its vacant land, its gaps, and the studies about them."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from csa.areas.explanation import explain_area, factor_words, study_words, within
from csa.areas.risk_score import fitted_risk, relative_risk
from csa.base.params import Month
from csa.base.text import Translator
from csa.city.config import RiskFactors
from csa.city.dataset import City, Dataset
from csa.city.loading import EvidenceStudy, EvidenceWords, load_city, load_evidence
from csa.geo.cells import as_text, bin_points, disk, outline, parents, refine

MIDDLE = int(bin_points([-101.4], [41.78], 10)[0])
AREA = disk(MIDDLE)
FAR = int(bin_points([-101.35], [41.79], 10)[0])
SPANISH = Translator("es")


def at(*cells):
    """Points in the middle of cells."""
    return shapely.points([shapely.centroid(outline([cell])).coords[0] for cell in cells])


def listed(kinds, cells):
    names = [f"Place {n}" for n in range(len(kinds))]
    return gpd.GeoDataFrame({"name": names, "kind": kinds}, geometry=at(*cells), crs="EPSG:4326")


def study(places, what="Mow them", **more):
    words = {"effect": "Shootings: 7% fewer", "design": "9 lots", "limit": "One city"}
    return EvidenceStudy(what=what, places=places, **{**words, "source": "X", **more})


def kept(holds, compared=(), rrv=2.0, through="2019-12", layer="vacant lots"):
    numbers = {
        "form": "many",
        "extent_m": 127.0,
        "at_least": 5,
        "rrv": rrv,
        "low": 1.5,
        "high": 2.5,
        "control": 1.3,
    }
    return {
        "data_through": "2020-12-31",
        "learned": None if through is None else {"start": "2015-01", "through": through},
        "layers": [{"name": layer, "source": "City", "as_of": "2020-01-01"}],
        "factors": [{"layer": layer, **numbers}],
        "places": [as_text(np.array(sorted(holds), dtype=np.uint64))],
        "compared": as_text(np.array(sorted({*compared, *holds}), dtype=np.uint64)),
    }


@pytest.fixture
def bare(root):
    """A city without any list."""
    config = load_city(root / "config" / "sample.toml").model_copy(update={"risk": None})
    whole = shapely.box(-101.5, 41.7, -101.3, 41.9)
    return City(config, Dataset(pd.DataFrame(), gpd.GeoDataFrame(), whole, {"city": "sample"}))


@pytest.fixture
def place(bare):
    """The city with one hub far off, a lot inside the area, a lot and a house outside."""
    vacant = listed(["vacant lot", "vacant lot", "vacant building"], [MIDDLE, FAR, FAR])
    services = listed(["hub"], [FAR])
    return City(bare.config, replace(bare.dataset, services=services, vacant_land=vacant))


# ---- By hand --------------------------------------------------------------------------------


def test_an_area_has_its_factors_lots_gaps_and_the_studies_about_what_is_there(place):
    studies = (study(["vacant lot"]), study(["vacant building"]), study([]), study(["hub"]))
    here = explain_area(place, AREA, kept([MIDDLE]), studies)
    (factor,) = here.factors
    assert (factor.layer, factor.rrv, factor.share) == ("vacant lots", 2.0, 1 / 7)
    assert here.vacant == {"vacant building": 0, "vacant lot": 1}
    assert [kind for kind, *_ in here.spots] == ["vacant lot"]
    assert here.lacking == ("hub",)
    assert here.services["nearest_name"].tolist() == ["Place 0"]
    assert (
        here.studies == studies[:1]
    )  # its house is elsewhere, and a hub that is lacking marks none
    assert (
        explain_area(place, AREA, kept([MIDDLE], layer="Old HUBS"), studies).studies[-1]
        is studies[3]
    )


def test_a_factor_and_a_study_are_told_in_one_line_in_both_languages(place):
    names = RiskFactors(names={"es": {"vacant lots": "terrenos baldíos"}})
    config = place.config.model_copy(update={"risk": names})
    (factor,) = explain_area(place, AREA, kept([MIDDLE])).factors
    assert factor_words(factor, place.config, Translator()) == (
        "vacant lots, 5 or more within 420 feet: 2.0 times as many (90% range: 1.5 to 2.5)"
    )
    weak = replace(factor, control=2.0)
    assert factor_words(weak, place.config, Translator()).endswith(
        "; no more than a marker of where shootings are"
    )
    said = factor_words(factor, config, SPANISH)
    assert said.startswith("terrenos baldíos, 5 o más a menos de 420 pies: 2.0 veces")
    assert factor_words(factor, config, Translator()).startswith("vacant lots")
    words = EvidenceWords(what="Podar", effect="7% menos", design="9 terrenos")
    two = study(["x"], interval="9 to 5%", es=words)
    assert "Shootings: 7% fewer (9 to 5%); 9 lots (X)" in study_words(two, Translator())
    assert study_words(two, SPANISH).startswith("Podar. ")
    assert study_words(study(["x"]), SPANISH).startswith("Mow them. ")


def test_the_score_is_the_product_over_the_smallest_and_an_area_has_its_blocks_mean():
    both = kept([MIDDLE, FAR], compared=AREA)
    both["factors"].append({**both["factors"][0], "rrv": 3.0})
    both["places"].append(as_text([MIDDLE]))
    fitted = fitted_risk(both)
    score = dict(zip(fitted.cells.tolist(), fitted.score.tolist(), strict=True))
    assert [score[MIDDLE], score[FAR]] == pytest.approx([6.0, 2.0])
    assert fitted.mean_in(AREA) == pytest.approx((6 + 6 * 1) / 7)
    assert fitted.until == Month(2020, 1)
    everywhere = fitted_risk(kept(AREA, rrv=2.0))
    assert everywhere.mean_in(AREA) == 1.0  # against the rest of what was compared


# ---- At the edge ----------------------------------------------------------------------------


def test_where_nobody_looked_nothing_is_said_of_factors_or_studies(place, bare):
    here = explain_area(place, AREA, None, (study(["vacant lot"]),))
    assert (here.factors, here.studies) == (None, ())
    assert here.vacant == {"vacant building": 0, "vacant lot": 1}
    none = explain_area(bare, AREA, None)
    assert (none.services, none.lacking, none.vacant, none.spots) == (None, (), None, ())


def test_of_a_smaller_outline_only_its_own_lots_are_shown(place):
    here = explain_area(place, AREA | {FAR}, None)
    assert here.vacant == {"vacant building": 1, "vacant lot": 2}
    less = within(here, outline(AREA))
    assert less.vacant == {"vacant building": 0, "vacant lot": 1}
    assert len(less.spots) == 1


def test_coarser_and_finer_areas_are_the_same_ground_and_unknown_ground_is_unknown():
    (larger,) = parents([MIDDLE], 9).tolist()
    blocks = refine(frozenset({larger}), 10)
    fitted = fitted_risk(kept([MIDDLE], compared=blocks))
    assert fitted.mean_in(frozenset({larger})) == pytest.approx((2 + 6) / 7)
    assert fitted.mean_in(refine(frozenset({MIDDLE}), 11)) == 2.0
    assert np.isnan(fitted.mean_in(frozenset({FAR})))


def test_nothing_that_was_learned_later_says_who_comes_first(place, monkeypatch):
    stored = {}
    monkeypatch.setattr("csa.areas.risk_score.load_risk", lambda _: stored.get("kept"))

    def known(until):
        found = relative_risk(place, [AREA], until)
        assert (found.draws is None) == np.isnan(found.mean[0])
        return found.mean[0]

    assert np.isnan(known(Month(2020, 1)))
    stored["kept"] = kept([MIDDLE], compared=AREA)
    assert known(Month(2020, 1)) == pytest.approx(8 / 7)
    assert np.isnan(known(Month(2019, 12)))
    stored["kept"] = kept([MIDDLE], through=None)
    assert np.isnan(known(Month(2020, 1)))


def test_what_an_areas_risk_may_be_follows_the_factors_interval():
    fitted = fitted_risk(kept([MIDDLE], compared={*AREA, FAR}))  # 2.0, from 1.5 to 2.5
    drawn = fitted.draw_in(frozenset({MIDDLE}))
    assert np.median(drawn) == pytest.approx(2.0, rel=0.02)
    low, high = np.quantile(drawn, [0.05, 0.95])
    assert high / low == pytest.approx(2.5 / 1.5, rel=0.03)
    assert (fitted.draw_in(frozenset({FAR})) == 1.0).all()  # no factor holds: nothing is unsure
    both = fitted.draw_in(frozenset({MIDDLE, FAR}))
    assert both == pytest.approx((drawn + 1) / 2)  # drawn alike in every area
    nothing = kept([], compared=AREA)
    nothing["factors"], nothing["places"] = [], []
    assert fitted_risk(nothing).mean_in(AREA) == 1.0


def test_a_citys_own_list_of_studies_comes_before_the_programs(root, tmp_path):
    own = tmp_path / "evidence" / "studies.toml"
    own.parent.mkdir()
    own.write_text("format_version = 1\n")
    programs = root / "config" / "sample.toml"
    assert load_evidence(tmp_path / "town.toml", programs) == ()
    found = load_evidence(tmp_path / "nowhere" / "town.toml", programs)
    assert [one.places for one in found] == [("vacant lot",), ("vacant building",), ()]
    assert all(one.es is not None for one in found)
