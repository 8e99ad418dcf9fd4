"""Plan: the areas' work plans as a file, out for all who read, in for those who may write."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import tr
from csa.ingest.work import WorkLine, load_work
from csa.program.roles import Act, may, require
from csa.program.store.engine import Store
from csa.program.work_file import add_work, work_file
from csa_app.shared import cache_store, panels, signing
from csa_app.shared.person import sign
from csa_app.shared.signing import Decision, FormScene, Typed

TURN = "files of work plans taken"
NOBODY = "-"
"""Signs what is only counted, and never written."""


def show(scene: FormScene) -> None:
    """Offer all work plans as one CSV, and take such a file after showing what it would change."""
    signing.announce("work file")
    if not scene.records.areas:
        return
    with st.expander(tr("work_file.title"), icon=":material/table:"):
        st.caption(tr("work_file.about"))
        panels.download(
            tr("work_file.download"),
            lambda: work_file(scene.records),
            f"{scene.session.config.city.id}-work-plans.csv",
            "work download",
        )
        if may(require, scene.who, "member"):
            _take(scene)


def _take(scene: FormScene) -> None:
    """Ask for a file; count what it would change, or name its faults; then take it."""
    label, most = tr("work_file.upload"), signing.MAX_FILE_MB
    turn = st.session_state.get(TURN, 0)  # an uploader is emptied by another key alone
    given = st.file_uploader(label, type="csv", key=f"work upload {turn}", max_upload_size=most)
    store = cache_store.open_read_only(scene.session)
    if given is None or store is None:
        return
    name = given.name
    try:
        lines = signing.read_upload(name, given.getvalue(), load_work)
        act = sign(scene.session, NOBODY, NOBODY)
        found = add_work(store, act, lines, name, keep=False)
    except CsaError as error:
        signing.refuse(error)
        return
    st.info(panels.plain(tr("work_file.would_take", path=name, **vars(found))))
    if found.added or found.changed:
        signing.form(scene, _taking(name, lines))


def _taking(name: str, lines: tuple[WorkLine, ...]) -> Decision:
    def write(store: Store, act: Act, _: Typed) -> str:
        found = add_work(store, act, lines, name)
        st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        return tr("work_file.taken", path=name, **vars(found))

    return Decision("work file", tr("work_file.take"), write)
