"""What `make bench` says of itself, and that the pages beside which it measures ours run."""

import pytest
from benchmarks.rows import Row, regressions
from benchmarks.screen import RIVALS
from streamlit.testing.v1 import AppTest


@pytest.mark.long
@pytest.mark.parametrize("script", RIVALS.values())
def test_a_rivals_page_draws_its_map(script, root, sample_folder, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setenv("CSA_CITY", "sample")
    monkeypatch.setenv("CSA_DATASET", str(sample_folder))
    page = AppTest.from_file(str(root / script), default_timeout=60).run()
    assert not page.exception
    assert page.slider[0].value == 150
    kinds = {element.type for element in page.main}
    assert kinds & {"deck_gl_json_chart", "component_instance"}


def test_a_fifth_lost_against_a_rival_is_said_and_less_is_not(tmp_path, monkeypatch):
    kept = tmp_path / "bench.toml"
    rows = [("a", "0.10 s; h3: 2.0 times"), ("b", "0.10 s; h3: 2.0 times"), ("c", "0.10 s")]
    kept.write_text(
        "".join(f'[[rows]]\nwhat = "{what}"\nfound = "{found}"\n' for what, found in rows)
    )
    monkeypatch.setattr("benchmarks.rows.KEPT", kept)
    made = [Row(what, [1.0], None, "h3", times) for what, times in (("a", 1.5), ("b", 1.7))]
    made.append(Row("c", [9.0]))
    assert regressions(made) == ["Slower than before: a, h3 1.5 times, was 2.0"]
