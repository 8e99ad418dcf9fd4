"""One Socrata portal: requests are retried where that can help, and each answer is checked.

The only module that uses the network. Nothing here knows about pages or files.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from csa.base.clock import now_utc
from csa.base.errors import ParamError, SourceError
from csa.base.reading import parse_json

LOGGER = logging.getLogger("csa.portal")
TRIES = 6
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_ASKED_WAIT_S = 600.0
CONNECT_S = 15.0
READ_S = 120.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
BUSY = (408, 425, 429)
GONE = (404, 410)
REFUSED = (401, 403)
Answer = TypeVar("Answer")


def _now() -> datetime:
    return now_utc()


@dataclass(frozen=True)
class PortalClock:
    """Time and chance, so that tests need not wait."""

    sleep: Callable[[float], None] = time.sleep  # waits so many seconds
    now: Callable[[], datetime] = _now  # the time, with zone
    chance: Callable[[], float] = SystemRandom().random


CLOCK = PortalClock()


@dataclass(frozen=True)
class Version:
    """What shows that a dataset changed."""

    n_rows: int  # how many rows it has
    updated_at: str  # when a row last changed, as the portal writes it; empty for an empty dataset


class HiccupError(Exception):
    """An answer that is worth another request."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.wait_s = wait_s


def address_of(portal: str) -> str:
    """Return a portal's address: https, except on this machine, for tests."""
    try:
        parts = urlsplit(portal if "://" in portal else f"https://{portal}")
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ParamError("fetch.address", given=portal) from error
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not host or not is_safe or more or not portal.isascii() or " " in portal:
        raise ParamError("fetch.address", given=portal)
    return f"{parts.scheme}://{parts.netloc}"


class Socrata:
    """A portal that can be queried."""

    def __init__(self, portal: str, token: str = "", clock: PortalClock = CLOCK) -> None:
        self.address = address_of(portal)
        self.retries = 0
        self._clock = clock
        self._session = requests.Session()
        # Passwords of a .netrc are not sent; a proxy is not used for this machine itself.
        self._session.auth = _no_password
        self._session.trust_env = urlsplit(self.address).hostname not in LOOPBACK
        self._session.headers["User-Agent"] = "csa"
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ParamError("fetch.token")
        if token:
            self._session.headers["X-App-Token"] = token

    @property
    def host(self) -> str:
        """The host, as sentences name it."""
        return urlsplit(self.address).netloc

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def version(self, dataset: str) -> Version:
        """Request a dataset's number of rows and the time of its last change, in one query."""
        select = {"$select": "count(*) as n_rows,max(:updated_at) as updated_at"}

        def read(content: bytes) -> Version:
            try:
                (row,) = parse_json(content)
                n_rows = int(row["n_rows"])
            except (ValueError, TypeError, KeyError) as error:
                raise HiccupError(self.odd_answer(content, dataset)) from error
            return Version(n_rows, str(row.get("updated_at") or ""))

        return self.ask(dataset, "json", select, read)

    def odd_answer(self, content: bytes, dataset: str) -> SourceError:
        """Describe what came instead of an answer."""
        if content.lstrip()[:1] == b"<":
            return SourceError("fetch.web_page", host=self.host, dataset=dataset)
        return SourceError("fetch.not_table", host=self.host, dataset=dataset)

    def ask(
        self, dataset: str, form: str, question: Mapping[str, str], read: Callable[[bytes], Answer]
    ) -> Answer:
        """Repeat a request until the answer is good; raise after the last try."""
        n_failed = 0
        while True:
            try:
                return read(self._get(dataset, form, question))
            except HiccupError as hiccup:
                n_failed += 1
                if n_failed == TRIES:
                    raise hiccup.error from hiccup
                self._wait(hiccup, n_failed)

    def _wait(self, hiccup: HiccupError, n_failed: int) -> None:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (n_failed - 1))
        wait_s = longest * (0.5 + 0.5 * self._clock.chance())
        if hiccup.wait_s is not None:
            wait_s = max(wait_s, hiccup.wait_s)
        self.retries += 1
        LOGGER.info("try %d of %d in %.1f s: %s", n_failed + 1, TRIES, wait_s, hiccup.error)
        self._clock.sleep(wait_s)

    def _get(self, dataset: str, form: str, question: Mapping[str, str]) -> bytes:
        url = f"{self.address}/resource/{dataset}.{form}"
        limits = (CONNECT_S, READ_S)
        try:
            answer = self._session.get(
                url, params=dict(question), timeout=limits, allow_redirects=False
            )
        except requests.Timeout as error:
            raise HiccupError(SourceError("fetch.timeout", host=self.host)) from error
        except requests.RequestException as error:
            if "certificate" in str(error).lower():
                raise SourceError("fetch.certificate", host=self.host) from error
            raise HiccupError(SourceError("fetch.dropped", host=self.host)) from error
        self._judge(answer, dataset)
        return answer.content

    def _judge(self, answer: requests.Response, dataset: str) -> None:
        status = answer.status_code
        if status == 200:
            return
        asked = {"host": self.host, "dataset": dataset}
        if status in BUSY or status >= 500:
            wait_s = self._asked_wait_s(answer.headers.get("Retry-After", ""))
            if wait_s is not None and wait_s > LONGEST_ASKED_WAIT_S:
                raise SourceError("fetch.wait", host=self.host, minutes=wait_s / 60)
            raise HiccupError(SourceError("fetch.busy", host=self.host, status=status), wait_s)
        if status in GONE:
            raise SourceError("fetch.gone", **asked)
        if status in REFUSED:
            raise SourceError("fetch.refused", status=status, **asked)
        if 300 <= status < 400:
            where = urlsplit(answer.headers.get("Location", "")).netloc or self.host
            raise SourceError("fetch.moved", where=where, **asked)
        raise SourceError("fetch.not_understood", status=status, **asked)

    def _asked_wait_s(self, given: str) -> float | None:
        """Read Retry-After: seconds, or a date."""
        if given.strip().isdecimal():
            return float(given)
        try:
            until = parsedate_to_datetime(given)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - self._clock.now()).total_seconds())


def _no_password(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
