"""A real mail server on loopback that drops, delays, refuses and lies as it is told, and editions to mail."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from ipaddress import ip_address

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

STAGES = ("hello", "from", "to", "data", "middle", "end")
"""Where a server may misbehave: before any recipient, at DATA, in the content, after its end."""
DROP = "drop"
MONTH = "2026-02"
PAGE = (
    '<meta name="csa-snapshot" content="3f9a0c17be42">\n<meta name="csa-decisions" content="{}">\n'
)
RECIPIENTS = """
[mail.recipients]
executive = [
    {{ office = "Mayor's Office", email = "mayor@city.example" }},
    {{ office = "Police", email = "chief@police.example" }},
]
public = [{{ office = "Library", email = "desk@library.example" }}]
"""
SERVER = """
[mail]
host = "127.0.0.1"
port = {port}
security = "{security}"
office = "Prevention team"
from_address = "areas@city.example"
{more}
"""


class MailLog:
    """What a server took and what it was asked; `faults` maps a stage to what it does next there.

    A fault is `drop`, an answer such as `550 no such user`, a function that is called (and then
    the server goes on), or a number of seconds to wait. At the end of the content, `keep` before
    any of them keeps the mail all the same: `keep drop` is the server that took it and died.
    """

    def __init__(self):
        self.mails = []
        self.stages = []
        self.users = []
        self.faults = defaultdict(deque)

    def fault(self, stage, *todo):
        self.faults[stage].extend(todo)
        return self

    def next(self, stage):
        self.stages.append(stage)
        return self.faults[stage].popleft() if self.faults[stage] else None

    @property
    def messages(self):
        return [message_from_bytes(content, policy=modern) for _, content in self.mails]

    def received(self):
        """Count, by Message-ID, how often a mail arrived: read by another parser than wrote it."""
        return Counter(str(message["Message-ID"]) for message in self.messages)

    async def handle_DATA(self, server, _session, envelope):
        todo = self.next("end")
        keeps = not isinstance(todo, str)
        if isinstance(todo, str) and todo.startswith("keep "):
            keeps, todo = True, todo.removeprefix("keep ")
        if keeps:
            self.mails.append((tuple(envelope.rcpt_tos), bytes(envelope.original_content)))
        if todo == DROP:
            await hang_up(server)
        if isinstance(todo, str):
            return todo
        await wait_or_do(todo)
        return "250 taken"


async def hang_up(server):
    """Drop the connection; the server's own task is canceled by that."""
    server.transport.abort()
    await asyncio.sleep(30)


async def wait_or_do(todo):
    if callable(todo):
        todo()
    elif todo is not None:
        await asyncio.sleep(todo)


class Faulty(SMTP):
    """The server's protocol, which asks its log what to do instead at each stage."""

    async def _goes_on(self, stage):
        todo = self.event_handler.next(stage)
        if todo == DROP:
            await hang_up(self)
        if isinstance(todo, str):
            await self.push(todo)
            if todo.startswith("421"):
                self.transport.close()
            return False
        await wait_or_do(todo)
        return True

    async def smtp_EHLO(self, hostname):
        if await self._goes_on("hello"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, _hostname):
        await self.push("502 no")

    async def smtp_MAIL(self, arg):
        if await self._goes_on("from"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if await self._goes_on("to"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if not await self._goes_on("data"):
            return
        if self.event_handler.next("middle") == DROP:
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            await hang_up(self)
        await super().smtp_DATA(arg)


class Station(Controller):
    """The server in a thread of its own, on whatever port is free."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def factory(self):
        return Faulty(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(log, *, tls=None, implicit=False, user=None):
    """Serve mail on a free port of this machine; `user` is the name and password it wants."""

    def known(_server, _session, _envelope, mechanism, given):
        log.users.append((mechanism, given.login.decode(), given.password.decode()))
        is_known = (given.login.decode(), given.password.decode()) == user
        return AuthResult(success=is_known, handled=False)

    options = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "mail.example", "timeout": 20}
    if implicit:
        options["ssl_context"] = tls
    elif tls is not None:
        options["tls_context"] = tls
        options["require_starttls"] = True
    if user is not None:
        # The protocol does not see that a connection was encrypted from its beginning.
        options |= {"authenticator": known, "auth_required": not implicit}
        options |= {"auth_require_tls": not implicit}
    station = Station(log, **options)
    station.start()
    try:
        yield station.port
    finally:
        station.stop(no_assert=True)


def certificate(folder, name="localhost"):
    """Make a certificate of this machine; return the server's context and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "mail.crt", folder / "mail.key"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    kinds = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *kinds))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


def deployment(port=None, security="none", more=""):
    """Write a deployment file with three recipients; without a port, without a server."""
    server = SERVER if port else "{more}"
    return (server + RECIPIENTS).format(port=port, security=security, more=more)


def write_editions(folder, head):
    """Write editions made from a store that ends with an entry."""
    (folder / "editions").mkdir(exist_ok=True)
    for name in ("executive_en", "public_es"):
        stem = folder / "editions" / f"{MONTH}_{name}"
        stem.with_suffix(".pdf").write_bytes(f"%PDF {name}".encode())
        stem.with_suffix(".html").write_text(PAGE.format(head), encoding="utf-8")
