"""The parts of Method: the proposal's own numbers, then docs/METHODS.md."""

from __future__ import annotations

import re

import streamlit as st

from csa.areas.proposal import Proposal
from csa.base.home import shipped
from csa.base.text import land, tr
from csa_app.shared import panels
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import period_words


def answer(proposal: Proposal) -> None:
    """Show how the areas on screen were found, in one sentence."""
    params, totals = proposal.summary["params"], proposal.summary["totals"]
    panels.answer(
        tr(
            "method.answer",
            n=totals["located"],
            period=period_words(proposal),
            eps_m=params["eps_m"],
            min_samples=params["min_samples"],
        ),
        tr("method.found", n=totals["areas"]),
    )


def numbers(session: CitySession, proposal: Proposal) -> None:
    """Show each choice with its value and its suggestion, and the outcome."""
    params, totals = proposal.summary["params"], proposal.summary["totals"]
    suggested, units = proposal.suggested, session.config.city.units
    limit = params["max_area_km2"]
    rows = [
        (
            "method.period",
            period_words(proposal),
            tr("find.n_months", n=session.config.areas.months),
        ),
        ("label.eps_m", f"{params['eps_m']:g} m", f"{suggested.eps_m:g} m"),
        ("label.min_samples", str(params["min_samples"]), str(suggested.min_samples)),
        (
            "label.largest_area",
            land(limit, units) if limit else tr("controls.no_limit"),
            land(session.config.areas.max_area_km2, units),
        ),
        ("method.resolution", str(params["resolution"]), str(session.config.areas.resolution)),
    ]
    columns = {
        tr("method.col_choice"): [tr(key) for key, _, _ in rows],
        tr("method.col_value"): [value for _, value, _ in rows],
        tr("method.col_suggested"): [own for _, _, own in rows],
    }
    panels.table(columns, tr("method.title"))
    fringe = proposal.summary["left_out_fringe"]["incidents"]
    outside = tr("method.totals", n=totals["located"] - totals["in_areas"])
    st.markdown(outside + (f" {tr('method.fringe', n=fringe)}" if fringe else ""))
    versions = proposal.summary["versions"]
    st.caption(
        tr(
            "method.versions",
            method=versions["method"],
            csa=versions["csa"],
            fingerprint=proposal.summary["data_fingerprint"][:12],
        )
    )


def page() -> None:
    """Show docs/METHODS.md below its contents, without its title, since the page has one."""
    text = (shipped() / "docs" / "METHODS.md").read_text(encoding="utf-8")
    _, _, body = text.partition("\n")
    body = re.sub(r"\[([^\]]+)\]\(\.\./[^)]+\)", r"`\1`", body)  # files lead nowhere here
    heads = re.findall(r"^## (.+)$", body, flags=re.MULTILINE)
    with st.container(key="method_contents"):
        st.markdown("\n".join(f"- [{head}](#{_anchor(head)})" for head in heads))
    st.markdown(body)


def _anchor(head: str) -> str:
    """Return a heading's name in an address, as Streamlit gives it."""
    return re.sub(r"[^a-z0-9]+", "-", head.casefold()).strip("-")
