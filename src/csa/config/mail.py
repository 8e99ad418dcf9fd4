"""How editions are mailed: [mail] of the deployment file. The password is in no file.

It is read from the environment, `CSA_MAIL_PASSWORD`, when a server asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from csa.base.errors import ParamError
from csa.base.message import Message, say
from csa.config.grants import Office
from csa.config.loading import read_toml, validate
from csa.config.settings import MAIL_TABLE, deployment_path
from csa.config.types import Frozen

PASSWORD = "CSA_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
LOOPBACK = ("127.0.0.1", "::1", "localhost")
EDITION_NAMES = (
    "executive",
    "prevention",
    "prevention-walks",
    "prevention-leaders",
    "intervention",
    "enforcement",
    "public",
)
"""Editions that somebody may be sent; a test compares them with `csa.reports.making.EDITIONS`."""

# One plain address: nothing in it can end a header's line or begin a second address.
MailAddress = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254),
]
MailHost = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*|::1)?$", max_length=253)]
# Printable on one line: no control character, no break of a line.
PlainOffice = Annotated[Office, Field(pattern=r"^[^\p{C}\p{Zl}\p{Zp}]+$")]


class MailRecipient(Frozen):
    """An office that receives an edition, and its address."""

    office: PlainOffice = Field(description="office that receives it, as the register names it")
    email: MailAddress = Field(description="its address; it never leaves this machine but as mail")


class Mail(Frozen):
    """The server that takes mail, and who receives which edition."""

    host: MailHost = Field("", description="server that takes mail; none: files and a list")
    port: int = Field(587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls, or none for a server on this machine"
    )
    username: str = Field(
        "", description=f"who signs in there, with the password in {PASSWORD}; none: nobody"
    )
    office: PlainOffice | Literal[""] = Field(
        "", description="office that hands out; it stands in the trail"
    )
    from_address: MailAddress | Literal[""] = Field("", description="address that mail comes from")
    reply_to: MailAddress | Literal[""] = Field("", description="address that answers go to")
    recipients: Mapping[str, tuple[MailRecipient, ...]] = Field(
        {}, description="edition to the offices that receive it"
    )

    @property
    def is_sending(self) -> bool:
        """Whether a server is named."""
        return bool(self.host)


class Mailing(Frozen):
    """The part of the deployment file that is about mail."""

    mail: Mail = Field(Mail(), description="how editions are mailed, and to whom")


def load_mail(
    environment: Mapping[str, str] | None = None, deployment: Path | None = None
) -> Mail | None:
    """Read [mail] of the deployment file; None where it has none."""
    path = deployment_path(environment, deployment)
    raw = {} if path is None else read_toml(path)
    if path is None or MAIL_TABLE not in raw:
        return None
    own = {MAIL_TABLE: raw[MAIL_TABLE]}
    return validate(own, Mailing, path, list(_cross_faults(own[MAIL_TABLE]))).mail


def password_of(mail: Mail, environment: Mapping[str, str] | None = None) -> SecretStr:
    """Read the password, which prints as stars; empty where nobody signs in."""
    variables = os.environ if environment is None else environment
    found = variables.get(PASSWORD, "")
    if mail.username and not found:
        raise ParamError("mail.no_password", username=mail.username, variable=PASSWORD)
    if not (found.isascii() and found.isprintable()):
        raise ParamError("mail.odd_password", variable=PASSWORD)
    return SecretStr(found if mail.username else "")


def _cross_faults(table: Any) -> Iterator[Message]:
    """Find faults across keys: mail in the clear, a server without a sender, unknown editions."""
    if not isinstance(table, dict):
        return
    if "password" in table:
        yield say("mail.fault_password", key=f"{MAIL_TABLE}.password", variable=PASSWORD)
    if table.get("host"):
        for name in ("from_address", "office"):
            if not table.get(name):
                yield say("mail.fault_needed", key=f"{MAIL_TABLE}.{name}")
        if table.get("security") == "none" and table["host"] not in LOOPBACK:
            yield say("mail.fault_clear", key=f"{MAIL_TABLE}.security")
    recipients = table.get("recipients")
    for edition, listed in (recipients if isinstance(recipients, dict) else {}).items():
        key = f"{MAIL_TABLE}.recipients.{edition}"
        if edition not in EDITION_NAMES:
            yield say("mail.fault_edition", key=key, known=", ".join(EDITION_NAMES))
        yield from _twice(key, listed)


def _twice(key: str, listed: Any) -> Iterator[Message]:
    """Find an address that would receive one edition twice."""
    seen: set[str] = set()
    for number, one in enumerate(listed if isinstance(listed, list) else (), start=1):
        email = one.get("email") if isinstance(one, dict) else None
        folded = email.casefold() if isinstance(email, str) else ""
        if folded and folded in seen:
            yield say("mail.fault_twice", key=f"{key}[{number}].email")
        seen.add(folded)
