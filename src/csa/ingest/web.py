"""Requests to portals: only to public addresses by https, few at a time, repeated where that helps.

No address, header or answer that could hold a credential is logged or put into a sentence.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from csa.base.clock import now_utc
from csa.base.errors import ParamError, SourceError

LOGGER = logging.getLogger("csa.portal")
TRIES = 6
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_ASKED_WAIT_S = 600.0
DELAY_S = 0.25
"""Between two requests: a portal is shared with others."""
CONNECT_S = 15.0
READ_S = 120.0
MOST_BYTES = 1_000_000_000
"""Of one answer; the largest city's list has a fifth of it."""
MOST_REDIRECTS = 5
CHUNK = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
BUSY = (408, 425, 429)
GONE = (404, 410)
REFUSED = (401, 403)
PARTIAL, NOT_MODIFIED = 206, 304
SECRET_NAME = re.compile(r"token|api[-_]?key|password|secret|signature|^sig$|^key$", re.IGNORECASE)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class PortalClock:
    """Time and chance, so that tests need not wait."""

    sleep: Callable[[float], None] = time.sleep  # waits so many seconds
    now: Callable[[], datetime] = now_utc  # the time, with zone
    chance: Callable[[], float] = SystemRandom().random


CLOCK = PortalClock()


class TransientError(Exception):
    """An answer that is worth another request."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.wait_s = wait_s


# ---- Only public addresses.


def check_url(url: str, *, allow_private: bool = False) -> str:
    """Return an address that may be asked: https, without a credential in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ParamError("fetch.address", given=url) from error
    is_own = allow_private and host in LOOPBACK
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_own)
    if not host or not is_safe or not url.isascii() or not url.isprintable() or " " in url:
        raise ParamError("fetch.address", given=url.rpartition("@")[2])
    names = [name for name, _ in parse_qsl(parts.query)]
    if "@" in parts.netloc or any(map(SECRET_NAME.search, names)):
        raise ParamError("fetch.credential", host=host)
    return url


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return inner.is_global and not inner.is_multicast


class PrivateAddressError(Exception):
    """A connection that leads into a private network, before anything was sent over it."""


def _refuse_private(connection: HTTPConnection) -> None:
    peer = connection.sock.getpeername()[0]
    if not is_public(peer):
        connection.close()
        raise PrivateAddressError(peer)


class _PublicHTTP(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_private(self)


class _PublicHTTPS(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_private(self)


class _PublicHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTP


class _PublicHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPS


class _PublicAdapter(HTTPAdapter):
    """Connects to public addresses alone, whatever a name resolves to by then.

    Behind a proxy the proxy resolves names, and it has the say.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        classes = {"http": _PublicHTTPPool, "https": _PublicHTTPSPool}
        self.poolmanager.pool_classes_by_scheme = classes


# ---- Requests.


class Web:
    """A client of one run: its retries, its delay, its limits."""

    def __init__(
        self, token: str = "", clock: PortalClock = CLOCK, *, allow_private: bool = False
    ) -> None:
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ParamError("fetch.token")
        self.token = token
        self.retries = 0
        self.allow_private = allow_private
        self._clock = clock
        self._has_requested = False
        self._session = requests.Session()
        # Passwords of a .netrc are not sent.
        self._session.auth = lambda request: request
        self._session.headers["User-Agent"] = "csa"
        if not allow_private:
            self._session.mount("https://", _PublicAdapter())
            self._session.mount("http://", _PublicAdapter())

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(
        self,
        url: str,
        question: Mapping[str, str],
        read: Callable[[bytes], Answer],
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Repeat a request until `read` likes the answer; raise after the last try.

        `name` is what sentences call the dataset. A redirect is refused: no portal's interface has
        one, and a token would follow it.
        """

        def once() -> Answer:
            with closing(self._get(url, question, name, headers or {})) as answer:
                if 300 <= answer.status_code < 400:
                    where = urlsplit(answer.headers.get("Location", "")).netloc
                    raise SourceError(
                        "fetch.moved", where=where or host_of(url), host=host_of(url), dataset=name
                    )
                return read(b"".join(self._content(answer, name)))

        return self.repeat(once)

    def save(
        self, url: str, path: Path, *, name: str, headers: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        """Write a file's bytes to a path; return the answer's headers, None if it is not newer.

        Redirects are followed, each checked as the first address was. Broken off, it goes on where
        it stopped, if the server says that the file is the same.
        """
        version = ""

        def once() -> Mapping[str, str] | None:
            nonlocal version
            at = url
            for _ in range(MOST_REDIRECTS + 1):
                n = path.stat().st_size if version and path.exists() else 0
                rest = {"Range": f"bytes={n}-", "If-Range": version} if n else {}
                with closing(self._get(at, {}, name, {**headers, **rest})) as answer:
                    status = answer.status_code
                    if status == NOT_MODIFIED:
                        return None
                    if status in {200, PARTIAL}:
                        etag = answer.headers.get("ETag", "")
                        version = "" if etag.startswith("W/") else etag
                        with path.open("ab" if status == PARTIAL else "wb") as target:
                            for chunk in self._content(answer, name):
                                target.write(chunk)
                        return {key.lower(): value for key, value in answer.headers.items()}
                    onward = urljoin(at, answer.headers.get("Location", ""))
                at = check_url(onward, allow_private=self.allow_private)
            raise SourceError("fetch.redirects", host=host_of(url), dataset=name)

        return self.repeat(once)

    def repeat(self, once: Callable[[], Answer]) -> Answer:
        """Do something until it does not fail in passing; raise after the last try."""
        n_failed = 0
        while True:
            try:
                return once()
            except TransientError as hiccup:
                n_failed += 1
                if n_failed == TRIES:
                    raise hiccup.error from hiccup
                self._wait(hiccup, n_failed)

    def _wait(self, hiccup: TransientError, n_failed: int) -> None:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (n_failed - 1))
        wait_s = longest * (0.5 + 0.5 * self._clock.chance())
        if hiccup.wait_s is not None:
            wait_s = max(wait_s, hiccup.wait_s)
        self.retries += 1
        LOGGER.info("try %d of %d in %.1f s: %s", n_failed + 1, TRIES, wait_s, hiccup.error)
        self._clock.sleep(wait_s)

    def _get(
        self, url: str, question: Mapping[str, str], name: str, headers: Mapping[str, str]
    ) -> requests.Response:
        host = host_of(url)
        if self._has_requested and DELAY_S:
            self._clock.sleep(DELAY_S)
        self._has_requested = True
        # A proxy is not used for this machine itself.
        self._session.trust_env = urlsplit(url).hostname not in LOOPBACK
        try:
            answer = self._session.get(
                url,
                params=dict(question),
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
                headers=dict(headers),
            )
        except PrivateAddressError as error:
            raise SourceError("fetch.private", host=host) from error
        except requests.Timeout as error:
            raise TransientError(SourceError("fetch.timeout", host=host)) from error
        except requests.RequestException as error:
            if "certificate" in str(error).lower():
                raise SourceError("fetch.certificate", host=host) from error
            raise TransientError(SourceError("fetch.dropped", host=host)) from error
        self._check_status(answer, host, name)
        return answer

    def _content(self, answer: requests.Response, name: str) -> Iterator[bytes]:
        """Yield an answer's bytes; one that is broken off or without end is refused."""
        host, n = host_of(answer.url), 0
        try:
            for chunk in answer.iter_content(CHUNK):
                n += len(chunk)
                if n > MOST_BYTES:
                    most = MOST_BYTES / 1e6
                    raise SourceError("fetch.too_large", host=host, dataset=name, most=most)
                yield chunk
        except requests.RequestException as error:
            raise TransientError(SourceError("fetch.dropped", host=host)) from error

    def _check_status(self, answer: requests.Response, host: str, name: str) -> None:
        status = answer.status_code
        if status in {200, PARTIAL, NOT_MODIFIED} or 300 <= status < 400:
            return
        answer.close()
        about = {"host": host, "dataset": name}
        if status in BUSY or status >= 500:
            wait_s = self._asked_wait_s(answer.headers.get("Retry-After", ""))
            if wait_s is not None and wait_s > LONGEST_ASKED_WAIT_S:
                raise SourceError("fetch.wait", host=host, minutes=wait_s / 60)
            raise TransientError(SourceError("fetch.busy", host=host, status=status), wait_s)
        if status in GONE:
            raise SourceError("fetch.gone", **about)
        if status in REFUSED:
            raise SourceError("fetch.refused", status=status, **about)
        raise SourceError("fetch.not_understood", status=status, **about)

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


def host_of(url: str) -> str:
    """Return an address's host, as sentences name it."""
    return urlsplit(url).netloc


def odd_answer(content: bytes, host: str, name: str) -> SourceError:
    """Describe what came instead of an answer."""
    if content.lstrip()[:1] == b"<":
        return SourceError("fetch.web_page", host=host, dataset=name)
    return SourceError("fetch.not_table", host=host, dataset=name)
