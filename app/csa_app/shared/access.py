"""Who may open the app: the deployment decides, never the request; a closed app says why.

`app/csa_app/main.py` checks access before any page runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from csa.base.errors import CsaError
from csa.base.message import Message, msg
from csa.base.text import tr
from csa.city.config import CityConfig
from csa.city.dataset import MARKER
from csa.city.deployment import load_roles, resolve
from csa_app.shared import cache, panels, person
from csa_app.shared.person import LOCAL, PUBLIC, access_of
from csa_app.shared.settings import city_of, deployment

Answer = TypeVar("Answer")

# ---- The published bundle, which is all that a public app shows.


def bundle_folder(config: CityConfig) -> Path | None:
    """Return the folder of the published bundle, if this app shows one."""
    named = str(resolve({}, config)["bundle"].value)
    return Path(named) if named and access_of(config) == PUBLIC else None


ASKED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
"""Settings that the [auth] section of the secrets must have."""
ACCESS = "CSA_ACCESS"
"""The environment variable; if the city cannot be opened, it alone decides who may read."""
LEAST_SECRET = 32
"""Characters: whoever guesses the secret can sign in as anyone."""
is_guarded = False
"""Whether app/csa_app/shared/request_guard.py stands before the server."""


def enter() -> None:
    """Admit the reader, or show why not and end the page."""
    if st.context.headers and not is_guarded:
        panels.empty(tr("door.unguarded"))
        st.stop()
    if person.is_leaving():
        person.finish_signing_out()
    try:
        config = cache.city_config()
        why = why_closed(config)
        if why is None and person.is_known(config):
            return
    except CsaError as error:
        st.title(tr("public.areas_title"), anchor=False)
        if os.environ.get(ACCESS) == PUBLIC:
            panels.unavailable(error)
        panels.stop(error)
    st.title(tr("public.areas_title"), anchor=False)
    if why is not None:
        panels.empty(panels.sentence(why))
    else:
        panels.answer(tr("door.sign_in_first"))
        # No callback: if another run interrupts it, Streamlit reports the button as pressed again.
        if st.button(tr("door.sign_in"), type="primary", key="sign in"):
            st.login()
    st.stop()


def ask_config(question: Callable[[CityConfig], Answer], otherwise: Answer) -> Answer:
    """Answer from the city's file; otherwise where it cannot be read, which the page says."""
    try:
        return question(cache.city_config())
    except CsaError:
        return otherwise


def shows_bundle() -> bool:
    """Return whether the app shows only what was published."""
    return ask_config(bundle_folder, None) is not None


def is_public() -> bool:
    """Return whether anyone may open the app, which then has no internal pages."""
    return ask_config(access_of, "") == PUBLIC


def may_set_up() -> bool:
    """Return whether a new city may be made here."""
    return ask_config(person.may_set_up, otherwise=False)


def why_closed(config: CityConfig) -> Message | None:
    """Return why nobody may open the app; None if it is open."""
    access = person.access_of(config)
    if access == LOCAL:
        return not_this_machine(st.get_option("server.address"))
    if access == PUBLIC:
        is_shown = bundle_folder(config) is not None or not is_withheld(config)
        return None if is_shown else msg("door.nothing_published")
    load_roles()  # its faults are shown here, not in the middle of a page
    if st.get_option("server.trustedUserHeaders"):
        return msg("door.trusted_headers")
    return _auth_fault(auth())


def why_not_served() -> Message | None:
    """Return why the server must not listen on its address; None if it may."""
    is_local = ask_config(access_of, "") == LOCAL
    return not_this_machine(st.get_option("server.address")) if is_local else None


def not_this_machine(address: str | None) -> Message | None:
    """Refuse an address that others can reach, since nobody is asked to sign in."""
    if address == "localhost":
        return None
    try:
        if ip_address(address or "").is_loopback:
            return None
    except ValueError:
        pass  # a name may stand for any machine
    return msg("door.not_loopback", address=address or "0.0.0.0")  # noqa: S104 - only named


def is_withheld(config: CityConfig) -> bool:
    """Return whether a city is withheld from the public, as all but the synthetic one are."""
    if person.access_of(config) != PUBLIC:
        return False
    folder = deployment().dataset
    is_own = not (folder / MARKER).is_file() or city_of(folder) == config.city.id
    return not (config.city.is_synthetic and is_own)


def auth() -> Mapping[str, Any]:
    """Return the [auth] section of the secrets."""
    try:
        found = st.secrets.get("auth")
    except FileNotFoundError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _auth_fault(auth: Mapping[str, Any]) -> Message | None:
    lacking = [name for name in ASKED if not auth.get(name)]
    if lacking:
        return msg("door.no_auth", lacking=", ".join(lacking))
    if len(str(auth["cookie_secret"])) < LEAST_SECRET:
        return msg("door.short_secret", least=LEAST_SECRET)
    return None
