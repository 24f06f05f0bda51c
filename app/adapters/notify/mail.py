"""Mail to the business over SMTP.

SMTP_URL: ``smtp://user:password@host:587`` (STARTTLS where the server offers it) or
``smtps://user:password@host:465``; user and password URL-quoted, or left out.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from urllib.parse import SplitResult, quote, unquote, urlsplit

from app.adapters.http import tls_context
from app.adapters.notify import words
from app.adapters.notify.base import MESSAGE_KINDS, Change, NotTold
from app.core.agent.definition import Agent

TIMEOUT_S = 8.0


def recipients(change: Change, agent: Agent) -> tuple[str, ...]:
    """The addresses that get a mail about this change; messages may have their own."""
    own = agent.messages.email if change.kind in MESSAGE_KINDS else ()
    return own or agent.booking.notify.email


class Mail:
    """Sends each change to the addresses of the agent's file."""

    name = "mail"

    def __init__(self, url: str, sender: str) -> None:
        self._url = urlsplit(url)
        self._sender = sender

    def wants(self, change: Change, agent: Agent) -> bool:
        """All changes, where the agent's file names an address."""
        return bool(recipients(change, agent))

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`."""
        message = EmailMessage()
        message["From"] = self._sender or f"{agent.name} <noreply@{self._url.hostname}>"
        message["To"] = ", ".join(recipients(change, agent))
        message["Subject"] = " ".join(words.subject(change, agent).split())
        if change.message and change.message.get("urgent"):
            message["Importance"] = "high"
        message["Message-ID"] = f"<{quote(change.id)}@callsmith>"
        message.set_content(words.mail(change, agent))
        send_mail(self._url, message)


def send_mail(url: SplitResult, message: EmailMessage) -> None:
    """Send a mail through the server of an SMTP_URL. Raises `NotTold`."""
    try:
        with _connect(url) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTold(f"the mail server failed: {type(error).__name__}") from error


def _connect(url: SplitResult) -> smtplib.SMTP:
    host, port = url.hostname or "localhost", url.port
    context = tls_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port or 465, timeout=TIMEOUT_S, context=context
        )
    else:
        server = smtplib.SMTP(host, port or 587, timeout=TIMEOUT_S)
    try:
        server.ehlo()
        if url.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server
