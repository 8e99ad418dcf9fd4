"""`csa grant`: listed, and refused before anything is read; what it writes is tested with its edition."""

import pytest


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("other", "--by", "Health Department", "--out", "x.docx"), "cvi-2020"),
        (
            ("cvi-2020", "--by", "Police Department", "--out", "x.docx"),
            "workers would be in danger",
        ),
        (("cvi-2020", "--by", "Health Department", "--out", "x.txt"), ".docx"),
    ],
)
def test_what_cannot_be_reported_is_refused(run, root, words, part):
    where = ("--city", root / "config" / "sample.toml", "--dataset", "none")
    refused = run("grant", "report", words[0], *where, *words[1:], check=False)
    assert refused.returncode == 2
    assert part in refused.stderr
    assert refused.stdout == ""


def test_grants_are_listed(run, root):
    listed = run("grant", "list", "--city", root / "config" / "sample.toml").stdout
    assert "cvi-2020" in listed
    assert "2020-07-01" in listed
