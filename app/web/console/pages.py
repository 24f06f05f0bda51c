"""What all pages of the console share: how they are rendered, and what they may load."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template

from app.web.guard.viewer import viewer

#: The places of the console, in the order of the menu, and those that only admins see.
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
    ("Scenarios", "/console/scenarios"),
)
ADMIN_PLACES = frozenset({"Jobs", "Doctor", "Scenarios"})

#: Pages run and show this server's own files only, and talk to it only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def page(template: str, status: int = 200, *, style_mark: str = "", **values: Any) -> Response:
    """A page of the console. Templates know `form_token`, which every form must send back.

    style_mark: the nonce of the style sheet within the page, where it has one.
    """
    inside = not values.get("outside")
    form_token = viewer().form_token if inside else ""
    places = [place for place in PLACES if inside and _is_shown(place[0])]
    answer = make_response(
        render_template(
            f"console/{template}",
            form_token=form_token,
            places=places,
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


def _is_shown(place: str) -> bool:
    return viewer().scope.is_all or place not in ADMIN_PLACES
