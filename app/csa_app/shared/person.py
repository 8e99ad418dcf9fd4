"""The person at the screen and their role: from the deployment, never from the request."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any

import streamlit as st

from csa.base.text import tr
from csa.city.config import CityConfig
from csa.city.deployment import grant, load_roles, resolve
from csa.program.roles import Act, Person, act, local_person
from csa_app.shared import panels
from csa_app.shared.city_session import CitySession

LOCAL, PUBLIC, SIGNED_IN = "local", "public", "signed-in"
THIS_MACHINE = "this machine"
QUARTER = 3
SIGNING_OUT, SIGN_OUT_TOLD = "signing out", "signing out told"
SIGN_OUT_S = 2.0
"""Seconds that a browser may take to sign out before it is asked again."""


def access_of(config: CityConfig) -> str:
    """Return the access mode of the deployment."""
    return str(resolve({}, config)["access"].value)


def access(session: CitySession) -> str:
    """Return the access mode of the deployment."""
    return access_of(session.config)


def is_known(config: CityConfig) -> bool:
    """Return whether pages may be read: no sign-in is required, or someone has signed in."""
    return access_of(config) != SIGNED_IN or _is_signed_in()


def _is_signed_in() -> bool:
    return getattr(st.user, "is_logged_in", False) is True


def may_set_up(config: CityConfig) -> bool:
    """Return whether a new city may be made here: on one's own machine, or by a chair."""
    return access_of(config) == LOCAL or current_person(config).role == "chair"


def person(session: CitySession) -> Person:
    """Return who is at the screen."""
    return current_person(session.config)


def current_person(config: CityConfig) -> Person:
    """Return who is at the screen, without opening the dataset."""
    mode = access_of(config)
    if mode == LOCAL:
        return local_person(THIS_MACHINE)
    if mode == SIGNED_IN and _is_signed_in():
        return person_from_claims(st.user.to_dict())
    return Person("", "viewer")


def person_from_claims(claims: Mapping[str, Any]) -> Person:
    """Return somebody who has signed in, by what the provider says of them."""
    found = grant(load_roles(), claims)
    name = str(claims.get("sub") or claims.get("email") or "")
    return Person(found.office, found.role, found.strategies, found.team, name)


def months_in_step(session: CitySession) -> int:
    """Return how fine in time this person may see counts of cells, in months; 0 for not at all."""
    if access(session) == PUBLIC:
        return 0
    return 1 if person(session).role in {"editor", "chair"} else QUARTER


def sign(session: CitySession, office: str, why: str) -> Act:
    """Return the signature for a change that a page makes, by who is at the screen now.

    A button's callback runs before the page does, with what the page before it knew.
    """
    signer = local_person(office) if access(session) == LOCAL else person(session)
    return act(signer, why, session.config.city.clock.now(), session.config.city.time_zone)


def is_leaving() -> bool:
    """Return whether the reader has pressed Sign out."""
    return bool(st.session_state.get(SIGNING_OUT, False))


def side(config: CityConfig) -> None:
    """Show who has signed in, with their role and a sign-out button, in the sidebar."""
    if access_of(config) != SIGNED_IN:
        return
    who = current_person(config)
    with st.container(key="person", gap="xsmall"):
        if who.office:
            st.markdown(f"**{panels.plain(who.office)}**")
        st.caption(panels.plain(in_words(who)))
        st.button(tr("door.sign_out"), on_click=_sign_out, key="sign out")


def _sign_out() -> None:
    st.session_state[SIGNING_OUT] = True


@st.fragment(run_every=SIGN_OUT_S)
def finish_signing_out() -> None:
    """Send a reader who pressed Sign out to the page that removes the cookie, until they have gone.

    Streamlit drops that message if another run starts before it was sent: the page would then
    say that nobody is signed in, while the cookie would sign in whoever opens it next. Asked
    twice at once, the browser would skip the provider's own sign-out.
    """
    now = monotonic()
    if now - st.session_state.get(SIGN_OUT_TOLD, -inf) >= SIGN_OUT_S:
        st.session_state[SIGN_OUT_TOLD] = now
        st.logout()


def require_internal(session: CitySession, said: str = "") -> None:
    """End a page where the public reads: it is shown nothing of the store, whatever it asks."""
    if access(session) == PUBLIC:
        panels.empty(said or tr("here.public"))
        st.stop()


def in_words(who: Person) -> str:
    """Return a person's role in words."""
    if who.role == "editor":
        listed = ", ".join(who.strategies)
        return tr("door.editor", strategies=listed) if listed else tr("door.editor_of_none")
    if who.role == "chair":
        return tr("door.chair", team=who.team) if who.team else tr("door.chair_of_all")
    return tr("door.member") if who.role == "member" else tr("door.viewer")
