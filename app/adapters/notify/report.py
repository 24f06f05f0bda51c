"""A call's report, and notices about a budget, sent as a webhook and by mail.

The webhook's body: ``{"id", "event": "call.report", "report": {…}}``. A report that was corrected
is sent again with the same id and the next ``report.revision``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from app.adapters.agents.secrets import SECRETS
from app.adapters.notify.mail import send_mail
from app.adapters.notify.signed_post import post_signed
from app.core.agent.definition import Agent
from app.core.agent.references import fill_references
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class ReportWebhook:
    """Where the reports of an agent's calls are posted."""

    url: str
    secret: str
    public_only: bool

    def send(self, report: Mapping[str, Any]) -> None:
        """Deliver. Raises `NotTold`."""
        told = {"id": report["id"], "event": "call.report", "report": report}
        self._post(told, f"{report['id']}-{report['revision']}")

    def tell_budget(self, notice: Mapping[str, Any]) -> None:
        """Deliver a notice about a budget. Raises `NotTold`."""
        told = {"id": notice["id"], "event": "usage.budget", "budget": notice}
        self._post(told, str(notice["id"]))

    def _post(self, told: Mapping[str, Any], key: str) -> None:
        post_signed(
            self.url,
            orjson.dumps(told),
            secret=self.secret,
            key=key,
            now_s=int(time.time()),
            what="the report webhook",
            public_only=self.public_only,
        )


@dataclass(frozen=True, slots=True)
class ReportMail:
    """Whom the agent's file names for reports."""

    smtp_url: str
    sender: str
    to: tuple[str, ...]

    def send(self, report: Mapping[str, Any]) -> None:
        """Deliver. Raises `NotTold`."""
        message = EmailMessage()
        message["Subject"] = _subject(report)
        message["Message-ID"] = _message_id(report, report["revision"])
        if report["revision"] > 1:
            message["In-Reply-To"] = message["References"] = _message_id(report, 1)
        message.set_content(written(report))
        self._mail(message)

    def tell_budget(self, notice: Mapping[str, Any]) -> None:
        """Deliver a notice about a budget. Raises `NotTold`."""
        message = EmailMessage()
        spent = notice["level"] == "spent"
        what = "is used up: new calls are refused" if spent else "is nearly used up"
        message["Subject"] = " ".join(f"The budget of {notice['business']} {what}".split())
        message["Message-ID"] = f"<{quote(notice['id'])}@callsmith>"
        message.set_content(
            f"{notice['used']:g} of {notice['limit']:g} {notice['unit']} of {notice['month']} are "
            f"used by calls of {notice['business']}.\n"
        )
        self._mail(message)

    def _mail(self, message: EmailMessage) -> None:
        url = urlsplit(self.smtp_url)
        message["From"] = self.sender or f"callsmith <noreply@{url.hostname}>"
        message["To"] = ", ".join(self.to)
        send_mail(url, message)


ReportChannel = ReportWebhook | ReportMail


def report_channels(settings: Settings, agent: Agent) -> dict[str, ReportChannel]:
    """The ways in which the reports of an agent's calls are told, by name."""
    channels: dict[str, ReportChannel] = {}
    own = agent.report_webhook_url
    url = fill_references(own, SECRETS) if own else settings.report_webhook_url
    if url:
        secret = settings.report_webhook_secret
        if agent.report_webhook_secret:
            secret = fill_references(agent.report_webhook_secret, SECRETS)
        # An address of the deployment's own settings may be on its own network.
        checked = bool(own) and not settings.tools_allow_private
        channels["webhook"] = ReportWebhook(url, secret, checked)
    if settings.smtp_url and agent.report.email:
        sender = settings.notify_email_from
        channels["mail"] = ReportMail(settings.smtp_url, sender, agent.report.email)
    return channels


def _message_id(report: Mapping[str, Any], revision: int) -> str:
    return f"<{quote(report['id'])}-{revision}@callsmith>"


def _subject(report: Mapping[str, Any]) -> str:
    again = "Corrected: call" if report["revision"] > 1 else "Call"
    who = report["caller_number"] or "number withheld"
    return " ".join(f"{again} report, {report['outcome']}: {who}".split())


def written(report: Mapping[str, Any]) -> str:
    """The report as people read it."""
    lines = [str(report["summary"]), ""]
    lines += [f"{name}: {_shown(value)}" for name, value in report["fields"].items()]
    lines += [
        f"Agent:   {report['agent']} ({report['business']})",
        f"Phone:   {report['caller_number'] or 'withheld'}",
        f"Began:   {report['started_at'] or 'unknown'}",
        f"Ended:   {report['ended_at'] or 'unknown'}",
        f"Outcome: {report['outcome']}",
    ]
    for title, items in (
        ("Not done", [f"{one['request']}: {one['why']}" for one in report["not_done"]]),
        ("Faults", [f"{one['what']} ({one['count']}x)" for one in report["faults"]]),
        (
            "Transcript",
            [
                f"{'Agent' if one['role'] == 'agent' else 'Caller'}: {one['content']}"
                for one in report["transcript"]
            ],
        ),
    ):
        if items:
            lines += ["", f"{title}:", *(f"  {item}" for item in items)]
    lines += ["", f"Call:    {report['call_id']}"]
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
