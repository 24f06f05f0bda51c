"""What all pages of the console share: how they are rendered, and what they may load."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from app.web.guard import access

#: The places of the console, in the order of the menu.
PLACES = (
    ("Live", "/console/live"),
    ("Calls", "/console/calls"),
    ("Calendar", "/console/calendar"),
    ("Agents", "/console/agents"),
    ("Figures", "/console/figures"),
    ("Jobs", "/console/jobs"),
    ("Doctor", "/console/doctor"),
    ("Try it", "/console/try"),
    ("Talk", "/console/talk"),
)

#: Pages run and show this server's own files only, and talk to it only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(template: str, status: int = 200, *, style_mark: str = "", **values: Any) -> Response:
    """A page of the console. Templates know `form_token`, which every form must send back.

    style_mark: the nonce of the style sheet within the page, where it has one.
    """
    answer = make_response(
        render_template(
            f"console/{template}",
            form_token=access.form_token(),
            places=PLACES,
            style_mark=style_mark,
            **values,
        ),
        status,
    )
    styles = f"style-src 'self' 'nonce-{style_mark}'" if style_mark else "style-src 'self'"
    policy = POLICY.replace("style-src 'self'", styles)
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
