"""A document's text as it was typed: what it says, and every mistake that saving it would tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.adapters.agents.documents import Kind, digest, field_of
from app.adapters.agents.text.drafts import Draft, Flaw, read_draft
from app.bridges.services import services
from app.core.agent.business import slug
from app.errors import Forbidden, Invalid
from app.web.config.request import ID, ID_FORM
from app.web.console.agents.subject import Subject
from app.web.edge import edge
from app.web.guard import body
from app.web.guard.body import MAX_PAGE_FORM_BYTES
from app.web.guard.viewer import Viewer

MAX_TEXT = 200_000
TAKEN = "is taken already; choose another one"


@dataclass(frozen=True, slots=True)
class Checked:
    """A text and what is wrong with it; `data` is what it says where nothing is."""

    text: str
    data: dict[str, Any] | None
    flaws: list[Flaw]

    def located(self, kind: Kind, problems: list[dict[str, str]]) -> Checked:
        """The same text with these problems, each a `path` and a `message`."""
        return Checked(self.text, None, read_draft(self.text, kind).locate(problems))


def check(subject: Subject, text: str) -> Checked:
    """Read a text that is to be the document of `subject`, and look for mistakes."""
    draft = _read(subject.kind, text)
    if draft.document is None:
        return Checked(text, None, list(draft.flaws))
    if draft.document.data.get("id", subject.id) != subject.id:
        return _with(draft, text, f"must stay {subject.id!r}: its data lie under it")
    return _tried(subject, draft, text)


def check_new(kind: Kind, text: str, sender: Viewer) -> tuple[Subject, Checked]:
    """Read a text that is to be a new agent or business, and look for mistakes.

    Without an `id` its name gives one; where neither does, the subject's id is blank.
    """
    nobody = Subject(kind, "", None, sender)
    draft = _read(kind, text)
    if draft.document is None:
        return nobody, Checked(text, None, list(draft.flaws))
    data = draft.document.data
    name = data.get("id") or (slug(str(data["name"])) if data.get("name") else "")
    if not isinstance(name, str) or not ID.fullmatch(name):
        return nobody, _with(draft, text, f"is needed: {ID_FORM}")
    subject = Subject(kind, name, None, sender)
    editor = services().agent_desk.editor
    editor.source.refresh()
    present = editor.documents().get(field_of(kind, name))
    # The same sent twice is no mistake.
    if present is not None and present.etag != digest(_said(subject, draft)):
        return subject, _with(draft, text, TAKEN)
    return subject, _tried(subject, draft, text)


def read_fields() -> dict[str, str]:
    """The fields of the form that was sent; its `text` with plain line ends."""
    fields = body.read_fields(edge().bodies, MAX_PAGE_FORM_BYTES)
    return {**fields, "text": fields.get("text", "").replace("\r\n", "\n")}


def _read(kind: Kind, text: str) -> Draft:
    if len(text) > MAX_TEXT:
        return Draft(None, (Flaw("", f"longer than {MAX_TEXT} characters", 0),))
    return read_draft(text, kind)


def _said(subject: Subject, draft: Draft) -> dict[str, Any]:
    """What a draft says; an agent's document has its id, a business's has not."""
    assert draft.document is not None
    data = {key: value for key, value in draft.document.data.items() if key != "id"}
    return {"id": subject.id, **data} if subject.kind == "agent" else data


def _with(draft: Draft, text: str, wrong_id: str) -> Checked:
    flaws = [*draft.flaws, *draft.locate([{"path": "id", "message": wrong_id}])]
    return Checked(text, None, flaws)


def _tried(subject: Subject, draft: Draft, text: str) -> Checked:
    data, flaws = _said(subject, draft), list(draft.flaws)
    try:
        services().agent_desk.editor.check(subject.change_to(data))
    except Invalid as error:
        flaws += draft.locate(error.problems)
    except Forbidden as error:
        flaws += draft.locate([{"path": "business", "message": error.message}])
    return Checked(text, None if flaws else data, sorted(flaws, key=lambda each: each.line))
