"""The one door to a mail server: one letter at a time, and what its answer means.

Mail is given over in four steps: from whom, to whom, the content, and a line with a dot that ends
it. Until that line a server keeps nothing (RFC 5321, 3.8 and 4.1.1.4), so a connection that drops
before it can be tried again; only between that line and the answer is it unknown whether the mail
arrived. `before_end` is called just before that line.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, TypeAlias

from pydantic import SecretStr

from csa.base.errors import ParamError
from csa.base.text import tr
from csa.city.deployment import Mail

MailOutcome: TypeAlias = Literal["sent", "later", "refused", "unsure"]
GOES_ON = 354
SIGN_IN_FIRST = (530, 534, 535, 538)
AT_LINE_START = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class MailLimits:
    """Seconds until a server that does not answer is given up; those of RFC 5321, 4.5.3.2."""

    connect_s: float = 30.0
    answer_s: float = 300.0
    end_s: float = 600.0  # it may have much to look through before it takes a letter


@dataclass(frozen=True)
class MailAnswer:
    """What became of a letter at a server."""

    outcome: MailOutcome
    reply: str = ""  # the server's words, or what happened instead


class UnreachableError(Exception):
    """No session with the server now; another try may find one."""


class MailServer:
    """A server that takes mail. It is connected to when the first letter is sent."""

    def __init__(
        self,
        mail: Mail,
        password: SecretStr,
        context: ssl.SSLContext | None = None,
        limits: MailLimits | None = None,
    ) -> None:
        self._mail = mail
        self._password = password
        self._context = context or ssl.create_default_context()
        self._limits = limits or MailLimits()
        self._smtp: smtplib.SMTP | None = None

    def deliver(
        self, sender: str, recipient: str, content: bytes, before_end: Callable[[], None]
    ) -> MailAnswer:
        """Hand one letter over; raise where no session with the server can be had."""
        smtp = self._session()
        try:
            refusal = self._begin(smtp, sender, recipient, content)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            return MailAnswer("later", _words(error))
        if refusal is not None:
            self._start_over(smtp)
            return refusal
        try:
            before_end()
        except BaseException:
            self.close()  # without the last line nothing was sent
            raise
        try:
            self._wait_at_most(smtp, self._limits.end_s)
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
            self._wait_at_most(smtp, self._limits.answer_s)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            return MailAnswer("unsure", _words(error))
        answer = _judged(code, said)
        if answer.outcome != "sent":
            self._start_over(smtp)
        return answer

    def close(self) -> None:
        """End the session."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def leave(self) -> None:
        """End the session as the server expects."""
        if self._smtp is not None:
            try:
                self._wait_at_most(self._smtp, self._limits.connect_s)
                self._smtp.quit()
            except (smtplib.SMTPException, OSError, ValueError):
                pass  # every letter has its answer already
            self.close()

    def _begin(
        self, smtp: smtplib.SMTP, sender: str, recipient: str, content: bytes
    ) -> MailAnswer | None:
        """Take all steps but the last; return the server's refusal, if any."""
        options = [f"SIZE={len(content)}"] if smtp.has_extn("size") else []
        code, said = smtp.mail(sender, options)
        if code in SIGN_IN_FIRST:
            raise ParamError("mail.auth", host=self._mail.host, code=code)
        if code // 100 == 2:
            code, said = smtp.rcpt(recipient)
        if code // 100 == 2:
            code, said = smtp.docmd("DATA")
        if code != GOES_ON:
            answer = _judged(code, said)
            # Whatever else it says, it has nothing yet.
            return answer if answer.outcome == "refused" else replace(answer, outcome="later")
        smtp.send(_stuffed(content))
        return None

    def _start_over(self, smtp: smtplib.SMTP) -> None:
        """Clear the session after a refusal; where that fails, the next letter has another."""
        try:
            code, _ = smtp.rset()
        except (smtplib.SMTPException, OSError, ValueError):
            code = 0
        if code // 100 != 2:
            self.close()

    def _session(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        mail, host = self._mail, self._mail.host
        try:
            self._smtp = self._connected()
            self._sign_in(self._smtp)
        except smtplib.SMTPNotSupportedError as error:
            self.close()
            raise ParamError("mail.not_offered", host=host, security=mail.security) from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            why = error.verify_message.rstrip(".")
            raise ParamError("mail.certificate", host=host, why=why) from error
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            if error.smtp_code // 100 == 5:
                # Not the server's words: it may repeat what it was given.
                raise ParamError("mail.auth", host=host, code=error.smtp_code) from error
            raise UnreachableError(str(error.smtp_code)) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            if type(error) is smtplib.SMTPException:  # no way to sign in that both know
                raise ParamError("mail.no_way_in", host=host) from error
            raise UnreachableError(_words(error)) from error
        return self._smtp

    def _connected(self) -> smtplib.SMTP:
        """Connect and greet; in the clear only where the deployment file says so."""
        mail, wait_s = self._mail, self._limits.connect_s
        own = mail.from_address.rpartition("@")[
            2
        ]  # in the greeting, instead of this machine's name
        if mail.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                mail.host, mail.port, own, timeout=wait_s, context=self._context
            )
        else:
            smtp = smtplib.SMTP(mail.host, mail.port, own, timeout=wait_s)
        self._smtp = smtp  # from here on a failure closes it
        self._wait_at_most(smtp, self._limits.answer_s)
        return smtp

    @staticmethod
    def _wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(seconds)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._mail.security == "starttls":
            smtp.starttls(context=self._context)
            smtp.ehlo()
        if self._mail.username:
            smtp.login(self._mail.username, self._password.get_secret_value())


def _stuffed(content: bytes) -> bytes:
    """Double a dot that begins a line, since a dot alone would end the mail."""
    whole = content if content.endswith(b"\r\n") else content + b"\r\n"
    return AT_LINE_START.sub(b"..", whole)


def _judged(code: int, said: bytes) -> MailAnswer:
    words = f"{code} {said.decode('utf-8', 'replace')}"  # a code of another kind promises nothing
    outcome: dict[int, MailOutcome] = {2: "sent", 4: "later", 5: "refused"}
    return MailAnswer(outcome.get(code // 100, "unsure"), words)


def _words(error: Exception) -> str:
    """Describe a failure without any content."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {text}"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return tr("mail.timeout")
    why = None if isinstance(error, smtplib.SMTPException) else getattr(error, "strerror", None)
    return why or tr("mail.dropped")


# ---- The headers of a mail, whatever is in it.


def begin_mail(mail: Mail, email: str, subject: str, at: datetime) -> EmailMessage:
    """Write the headers of a mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_plain_name(mail.office), addr_spec=mail.from_address)
    message["To"] = Address(addr_spec=email)
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=mail.reply_to)
    # Encoded, since a text that is set as it stands is parsed: what looks encoded would be decoded.
    message.set_raw("Subject", Header(one_line(subject), "utf-8", header_name="Subject").encode())
    message["Date"] = at
    message["Auto-Submitted"] = "auto-generated"  # no automatic answers
    return message


def _plain_name(text: str) -> str:
    """Return a name without any sign that means something in an address."""
    return one_line("".join(c if c.isalnum() or c == "-" else " " for c in text))


def one_line(text: str) -> str:
    """Return a text that cannot end a header's line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
