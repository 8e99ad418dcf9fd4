"""The page on which teams count activities, with or without a network, and what it talks to.

It is served beside Streamlit's pages, behind the same gate: the same sign-in says who sends. What
waits on a phone is locked with a key whose other half only this server has.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache as once_each
from hashlib import sha256
from pathlib import Path
from string import Template
from types import SimpleNamespace
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from csa.areas.places import called
from csa.base.errors import CsaError
from csa.base.message import msg
from csa.base.safe_parsing import number, parse_count, parse_json
from csa.base.text import day, render, tr
from csa.city.config import Activities, CityConfig
from csa.extras.activities.recording import (
    SUMMED,
    Activity,
    activity_faults,
    activity_places,
    add_activities,
    find_phone,
    give_phone,
    phone_secret,
    require_organization,
)
from csa.program.registry import core_areas
from csa.program.roles import Person, act, local_person
from csa.program.store.engine import Store
from csa.program.store.records import read_records
from csa_app.shared import access, cache, cache_store
from csa_app.shared.city_session import CitySession
from csa_app.shared.person import LOCAL, SIGNED_IN, access_of, person_from_claims
from csa_app.shared.request_guard import HAD_SIGN_IN, LEAVING, claims_of
from csa_app.shared.settings import STATIC, below_base

OLDEST_DAYS = 60
"""An entry's day: its row, and so its id, is here for longer than a phone keeps an entry."""
MOST_BYTES, MOST_ENTRIES = 2**18, 100
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256: a private key is a number below it."""
FOLDER = Path(__file__).with_name("static")
KINDS = {"count.js": "text/javascript", "count.css": "text/css"}
NOT_KEPT = {"Cache-Control": "no-store"}
ODD = (ValueError, KeyError, TypeError, AttributeError, InvalidTag)
"""What comes of a body that this page did not make."""


def count_routes() -> list[BaseRoute]:
    """List what is served for counting."""
    base = below_base("count")
    pages = (("/", show_page), ("/manifest.webmanifest", show_manifest), ("/sw.js", show_worker))
    asked: tuple[tuple[str, Callable[[Asker, Any], dict[str, Any]]], ...] = (
        ("/state", give_state),
        ("/phone", take_phone),
        ("/entries", take_entries),
    )
    files = [*((f"/{name}", _file(FOLDER / name, kind)) for name, kind in KINDS.items())]
    files.append(("/icon.svg", _file(STATIC / "icon.svg", "image/svg+xml")))
    shown = [Route(f"{base}{path}", page) for path, page in (*pages, *files)]
    methods = {"/state": ["GET"]}
    answers = [
        Route(f"{base}{path}", _answering(answer), methods=methods.get(path, ["POST"]))
        for path, answer in asked
    ]
    return [*shown, *answers]


# ---- The page itself, which is the same for all and holds nothing of anybody.


def is_offered(config: CityConfig) -> bool:
    """Return whether activities are counted here: not where the public reads."""
    return config.activities is not None and access_of(config) in {LOCAL, SIGNED_IN}


def _offered(request: Request) -> bool:
    del request
    return access.ask_config(is_offered, otherwise=False)


def show_page(request: Request) -> Response:
    """Send the page."""
    return _sent(request, _page(), "text/html")


SHOWN = (
    "count.title", "count.sign_in", "label.organization", "term.where", "public.meeting_what",
    "count.numbers", "count.contacts", "count.reached", "count.hours", "count.staff", "count.day",
    "screen.today", "count.yesterday", "count.other", "count.undo", "count.send", "count.leave",
    "count.about",
)  # fmt: skip
"""Sentences of the page."""
SAID = (
    "count.all_sent", "count.one_waits", "count.many_wait", "count.saved", "count.choose",
    "count.undone", "count.erased", "count.too_old", "count.revoked", "count.signed_out",
)  # fmt: skip
"""Sentences of its script."""


def _last(key: str) -> str:
    return key.partition(".")[2]


@once_each
def _page() -> str:
    text = (FOLDER / "page.html").read_text(encoding="utf-8")
    words = {_last(said): tr(said, n="{n}") for said in SAID}
    shown = {_last(key): tr(key) for key in SHOWN}
    return Template(text).substitute(shown, words=json.dumps(words).replace("<", "\\u003c"))


def show_manifest(request: Request) -> Response:
    """Send what lets a phone install the page."""
    icons = [{"src": "./icon.svg", "sizes": "any", "type": "image/svg+xml"}]
    manifest = {"name": tr("count.title"), "short_name": tr("here.count"), "icons": icons}
    manifest |= {"start_url": "./", "scope": "./", "display": "standalone"}
    return _sent(request, json.dumps(manifest), "application/manifest+json")


def show_worker(request: Request) -> Response:
    """Send the script that keeps the page for when there is no network."""
    text = (FOLDER / "sw.js").read_text(encoding="utf-8")
    parts = [(FOLDER / name).read_bytes() for name in (*KINDS, "page.html", "sw.js")]
    version = sha256(b"".join(parts)).hexdigest()[:12]
    return _sent(request, Template(text).safe_substitute(version=version), "text/javascript")


def _file(path: Any, kind: str) -> Callable[[Request], Response]:
    return lambda request: _sent(request, path.read_text(encoding="utf-8"), kind)


def _sent(request: Request, text: str, kind: str) -> Response:
    if not _offered(request):
        return Response("", 404)
    return Response(text, media_type=kind, headers={"Cache-Control": "no-cache"})


# ---- Who asks.


class Asker(SimpleNamespace):
    """Who sends a request: the city, its words for activities, and the person by office."""

    config: CityConfig
    settings: Activities
    query: Mapping[str, str]
    claims: Mapping[str, Any] | None
    way_out: str

    @property
    def is_local(self) -> bool:
        """Whether nobody signs in here."""
        return access_of(self.config) == LOCAL

    @property
    def session(self) -> CitySession:
        """The city, for what opens its store: it asks for nothing but the city's file."""
        return cast("CitySession", SimpleNamespace(config=self.config))

    def person(self, office: str) -> Person:
        """Return the person: who has signed in, else whoever is at this machine."""
        return local_person(office) if self.is_local else person_from_claims(self.claims or {})

    @property
    def offices(self) -> list[str]:
        """The organizations that this person may enter for."""
        listed = self.settings.organizations
        return [*listed] if self.is_local else [self.person("").office.strip()]


def _answering(answer: Callable[[Asker, Any], dict[str, Any]]) -> Callable[[Request], Any]:
    """Make an endpoint of a function that answers with JSON."""

    async def respond(request: Request) -> Response:
        if not _offered(request):
            return Response("", 404)
        asker = await run_in_threadpool(_asker, request)
        if asker is None:
            # An ended sign-in leaves what waits where it is; whoever signed out leaves nothing.
            erase = {} if request.scope.get(HAD_SIGN_IN) else {"erase": "signed_out"}
            return _json({"sign_in": True, **erase}, 401)
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return Response("", 413)
        return await run_in_threadpool(_respond, asker, bytes(body), answer)

    return respond


def _asker(request: Request) -> Asker | None:
    """Return who sends a request; None where people sign in and nobody has."""
    config = cache.city_config()
    is_signed_in = access_of(config) == SIGNED_IN
    claims = claims_of(request.scope) if is_signed_in else None
    if is_signed_in and claims is None:
        return None
    asker = Asker(config=config, settings=config.activities, query=request.query_params)
    asker.claims, asker.way_out = claims, f"..{LEAVING}" if is_signed_in else ""
    return asker


def _respond(asker: Asker, body: bytes, answer: Callable[[Asker, Any], dict[str, Any]]) -> Response:
    try:
        return _json(answer(asker, parse_json(body) if body else {}))
    except CsaError as error:
        return _json({"refused": render(error.message)}, 403)
    except ODD:
        return Response("", 400)


def _json(answer: Mapping[str, Any], status: int = 200) -> Response:
    """Answer in ASCII, which has half a surrogate pair too where a refusal repeats one."""
    return Response(json.dumps(answer), status, NOT_KEPT, "application/json")


# ---- What it asks.


def give_state(asker: Asker, _: Any) -> dict[str, Any]:
    """Return what the page offers, and with what it locks entries."""
    for office in asker.offices:
        require_organization(asker.person(office), asker.settings)
    store = cache_store.open_writable(asker.session)
    phone = find_phone(store, asker.query.get("phone", ""))
    if phone is not None and phone.revoked_on is not None:
        return {"erase": "revoked"}
    is_own = phone is not None and (asker.is_local or phone.office in asker.offices)
    records, clock = read_records(store, with_values=False), asker.config.city.clock
    names = {area.key: called(area.place_name, area.key) for area in core_areas(records)}
    zones = {row.name: row.name for row in records.zones}
    point = _private(store).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "office": ", ".join(asker.offices) if len(asker.offices) == 1 else "",
        "offices": asker.offices,
        "kinds": dict(asker.settings.kinds),
        "places": names | zones,
        "today": clock.today().isoformat(),
        "stands": asker.config.city.today is not None,
        "key": base64.b64encode(point).decode(),
        "phone": phone.key if phone is not None and is_own else "",
        "way_out": asker.way_out,
    }


def take_phone(asker: Asker, given: Any) -> dict[str, Any]:
    """Record a phone that begins to count."""
    office = str(given["office"]) if asker.is_local else asker.offices[0]
    signed = _act(asker, office, tr("count.why_phone"))
    store = cache_store.open_writable(asker.session)
    return {"phone": give_phone(store, signed, asker.settings)}


def take_entries(asker: Asker, given: Any) -> dict[str, Any]:
    """Record entries, each once; return by id an empty text, or why it was refused.

    What has no answer stays on the phone: entries of another organization, or of a phone that is
    not known.
    """
    store = cache_store.open_writable(asker.session)
    phone = find_phone(store, str(given["phone"]))
    if phone is None:
        return {"entries": {}}
    if phone.revoked_on is not None:
        return {"erase": "revoked"}
    answers, rows = dict[str, str](), dict[str, list[Activity]]()
    records, today = read_records(store, with_values=False), asker.config.city.clock.today()
    places = activity_places(records)
    for entry in given["entries"][:MOST_ENTRIES]:
        if not isinstance(entry, dict) or "id" not in entry:
            continue
        key = str(entry["id"])
        try:
            office, row = _entry(_private(store), key, entry["box"])
        except ODD:
            answers[key] = tr("count.unreadable")
            continue
        if office not in asker.offices or not (asker.is_local or phone.office == office):
            continue
        late = [("on", msg("count.late", days=OLDEST_DAYS))]
        is_late = row.on < today - timedelta(days=OLDEST_DAYS)
        faults = late if is_late else [*activity_faults(row, asker.settings, places, today)]
        if faults:
            why = render(faults[0][1])
            about = {"kind": row.kind, "place": row.place, "day": day(row.on)}
            answers[key] = tr("count.refused", why=why, **about)
        else:
            rows.setdefault(office, []).append(row)
    for office, listed in rows.items():
        add_activities(store, _act(asker, office, tr("count.why")), asker.settings, listed)
        answers |= dict.fromkeys((row.id for row in listed), "")
    return {"entries": answers}


def _act(asker: Asker, office: str, why: str) -> Any:
    city = asker.config.city
    return act(asker.person(office), why, city.clock.now(), city.time_zone)


# ---- The key that opens what phones have locked.


def _private(store: Store) -> ec.EllipticCurvePrivateKey:
    secret = int.from_bytes(phone_secret(store)) % (ORDER - 1) + 1
    return ec.derive_private_key(secret, ec.SECP256R1())


def _entry(
    own: ec.EllipticCurvePrivateKey, key: str, box: Mapping[str, str]
) -> tuple[str, Activity]:
    """Open an entry that a phone has locked: its organization, and what was done."""
    e, n, c = (base64.b64decode(box[name], validate=True) for name in ("e", "n", "c"))
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), e)
    shared = own.exchange(ec.ECDH(), theirs)
    secret = HKDF(SHA256(), 32, None, b"csa activity").derive(shared)
    values = parse_json(AESGCM(secret).decrypt(n, c, key.encode()))
    office, on = str(values.pop("office")), date.fromisoformat(values.pop("on"))
    given = {name: values[name] for name in SUMMED if values.get(name) is not None}
    counts: dict[str, Any] = {
        name: number(n) if name == "hours" else parse_count(n) for name, n in given.items()
    }
    return office, Activity(str(values["kind"]), str(values["place"]), on, **counts, id=key)
