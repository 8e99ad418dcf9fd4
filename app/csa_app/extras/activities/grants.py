"""On Reports: the report to a grant's funder, for whoever may see activities."""

from __future__ import annotations

from functools import partial

import streamlit as st

from csa.areas.choices import city_choices
from csa.base.text import tr
from csa.extras.activities.funder import cvipi_file, gather_grant, grant_edition
from csa.extras.activities.recording import read_totals, require_reader
from csa.program.roles import Person, may
from csa.reports.making import paper_size, render_document
from csa_app.extras.activities.parts import reader
from csa_app.screens.reports.parts import why_no_pdf
from csa_app.shared import cache, cache_store, panels
from csa_app.shared.cache_report import ReportBasis
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import form_name


def show(session: CitySession, basis: ReportBasis) -> None:
    """Offer the report to a grant's funder."""
    config = session.config
    if not config.grants:
        return
    st.header(tr("funder.title"), anchor=False)
    left, right = st.columns(2)
    with left:
        keys = {key: grant.name for key, grant in config.grants.items()}
        label = tr("funder.grant")
        grant = st.selectbox(label, [*keys], None, format_func=keys.__getitem__, key="grant")
    with right:
        who = reader(session, "grant office")
    if not may(require_reader, who, config.activities):
        st.caption(tr("activity.not_reader"))
        return
    if grant is None:
        return
    make = partial(grant_file, basis, grant, who)
    with st.container(horizontal=True):
        for form in ("docx", *(("pdf",) if why_no_pdf() is None else ()), "html"):
            name = f"{grant}.{form}"
            panels.download(form_name(form), partial(make, form), name, f"download {name}")
        label, name = tr("funder.questions"), f"{grant}-questions.csv"
        panels.download(label, partial(make, "csv"), name, f"download {name}")


def grant_file(basis: ReportBasis, grant: str, who: Person, form: str) -> bytes:
    """Make a file of the report to a grant's funder, or of its questions; never cached."""
    config = basis.session.config
    known = cache.analysis(basis.session, city_choices(config))
    totals = read_totals(cache_store.open_read_only(basis.session))
    analysis = known.deciding(basis.records)
    facts = gather_grant(analysis, basis.plan, totals, grant, who)
    if form == "csv":
        return cvipi_file(facts)
    return render_document(grant_edition(facts), paper_size(config), (form,))[form]
