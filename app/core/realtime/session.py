"""The model's side of a call: one session at a time, over as many connections as it takes.

Holds the conversation, so that a new, empty session can be given it again; asks for one response at
a time; tells what of the model's output belongs to the turn that may speak. Sends nothing itself:
methods return the actions to perform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.core.call.events import Actions, CloseModel, ToModel
from app.core.call.notes import ModelRefused, Usage
from app.core.realtime.connection import Connection
from app.core.realtime.conversation import Conversation, Writable
from app.core.realtime.event_ids import Purpose, purpose_of
from app.core.realtime.history import Item
from app.core.realtime.responses import Finished, Request, Responses, Said
from app.errors import ModelError
from app.protocol import realtime

#: A cancelled response that is not over after this many seconds has stalled with its session.
CANCEL_WAIT_S = 2.0
#: Members of the session object that a call can do without, where a server refuses the whole.
OPTIONAL = frozenset({"reasoning", "truncation", "max_output_tokens", "tool_choice"})


@dataclass(frozen=True, slots=True)
class Gone:
    """The session cannot be had again."""

    code: str


Happening = Said | Finished | Gone
Step = tuple[Actions, Happening | None]


class ModelSession:
    """See the module. While `hold` is true no fresh connection takes over."""

    def __init__(self, condense: Callable[[list[Item]], list[Item]] | None = None) -> None:
        self.config: dict[str, Any] = {}
        """The session object that each new connection is given."""
        self.connection = Connection()
        self.conversation = Conversation()
        if condense is not None:
            self.conversation.condense = condense
        self.responses = Responses(self.conversation.ids)
        self.hold = False
        self.seedings = 0
        """How many sessions were given the conversation."""
        self._waiting: list[bytes] = []
        self._items_refused = 0
        self._config_refused = False

    @property
    def number(self) -> int:
        """The number of the present session."""
        return self.connection.number

    @property
    def quiet(self) -> bool:
        """Whether nothing is going on that a change of connection would disturb."""
        return not self.hold and not self.responses.busy

    # Connections

    def open(self) -> Actions:
        """Connect, unless that is under way or has become pointless."""
        return self.connection.open()

    def opened(self, number: int, now: float) -> Actions:
        """A connection is there: give it the conversation, and go on with what is wanted."""
        arrival = self.connection.arrive(number)
        if arrival == "spare":
            return self._switch()
        if arrival == "stray":
            return [CloseModel(number)]
        return self._seed() + self.advance(now)

    def _seed(self) -> Actions:
        self.responses.lose_session(keep=False)
        self._waiting.clear()
        self.seedings += 1
        return self._send([self._update(), *self.conversation.seed()])

    def _update(self) -> bytes:
        event_id = self.conversation.ids.new(Purpose.SESSION)
        return realtime.session_update(self.config, event_id)

    def _switch(self) -> Actions:
        if self.connection.spare is None or not self.connection.spare_ready or not self.quiet:
            return []
        return self.connection.switch() + self._seed()

    def lost(self, number: int, code: str, fatal: bool, now: float) -> tuple[Actions, Gone | None]:
        """A connection ended. What was wanted from it stays wanted."""
        connection = self.connection
        if connection.lose_spare(number) or number != self.number or connection.link == "closed":
            return [], None
        self.responses.lose_session(keep=True)
        actions, replaced = connection.lose(code, fatal)
        if fatal:
            return actions, Gone(code)
        if replaced:
            actions += self._seed() + self.advance(now)
        return actions, None

    def reopen(self, why: str) -> Actions:
        """Give up the connection and get another; what was wanted stays wanted."""
        if self.connection.link != "closed":
            self.responses.lose_session(keep=True)
        return self.connection.reopen(why)

    def close(self) -> Actions:
        """End the session for good."""
        self.responses.wanted = None
        self.responses.lose_session(keep=False)
        return self.connection.close()

    def configure(self, config: dict[str, Any]) -> Actions:
        """Give this session, and all later ones, another session object."""
        self.config = _essential(config) if self._config_refused else config
        return self._send([self._update()]) if self.connection.ready else []

    # Responses

    def request(self, request: Request, now: float) -> Actions:
        """Want a response; whatever runs is cancelled first."""
        return self._send(self.responses.want(request, now)) + self.advance(now)

    def withdraw(self, now: float) -> Actions:
        """Want no response any more."""
        return self._send(self.responses.want(None, now))

    def advance(self, now: float) -> Actions:
        """Ask for the wanted response as soon as nothing is in its way."""
        responses = self.responses
        request = responses.wanted
        if self.connection.link == "closed":
            return self.open() if request is not None else []
        if not self.connection.ready or not responses.gate.free:
            return []
        raws, self._waiting = self._waiting, []
        if request is None:
            return self._send(raws) + self._switch()
        if request.heard is not None:
            raws += self.conversation.reconcile(request.heard)
        if request.note:
            note = self.conversation.append("note", request.note)
            raws.append(self.conversation.create(note, None))
        raws.append(responses.ask(request, now))
        return self._send(raws)

    # Items

    def append(self, kind: Writable, text: str, call_id: str = "") -> Actions:
        """Add an item at the end of the conversation, in the session too if there is one."""
        item = self.conversation.append(kind, text, call_id)
        return self._send([self.conversation.create(item, None)]) if self.connection.ready else []

    def change(self, raw: bytes) -> Actions:
        """Change an item now, or as soon as no response runs that may own it."""
        if not self.connection.ready:
            return []
        if self.responses.gate.free:
            return self._send([raw])
        self._waiting.append(raw)
        return []

    def _send(self, raws: Iterable[bytes]) -> Actions:
        number = self.connection.number
        return [ToModel(number, raw) for raw in raws]

    # What the session says

    def handle(self, event: realtime.ServerEvent, now: float) -> Step:
        """One event of the present session: what follows, and what it means to the call."""
        if isinstance(event, realtime.WORDS):
            self.conversation.add_words(event.item_id, event.delta)
            return [], self.responses.words(event)
        if isinstance(event, realtime.OutputItem):
            self.conversation.take(event.item)
            self.responses.item(event)
        elif isinstance(event, realtime.ResponseCreated):
            return self._send(self.responses.created(event, now)), None
        elif isinstance(event, realtime.ResponseDone):
            return self._response_done(event, now)
        elif isinstance(event, realtime.SessionChanged):
            self.connection.expires_at = event.expires_at or self.connection.expires_at
        elif isinstance(event, realtime.Error):
            return self._refused(event, now)
        return [], None

    def _response_done(self, event: realtime.ResponseDone, now: float) -> Step:
        if event.out_of_band:
            return [], None
        ended = self.responses.done(event)
        actions: Actions = [Usage(event.usage)] if event.usage else []
        for item in event.output:
            self.conversation.take(item)
        actions += self._send(self.conversation.drop_calls(ended.uncalled))
        if ended.finished is None:
            return actions + (self.advance(now) if ended.held else []), None
        if event.status == "completed":
            self.connection.attempts = self._items_refused = 0
        if event.error_code in ModelError.FATAL_CODES:
            return actions, self._gone(str(event.error_code))
        return actions, ended.finished

    def _gone(self, code: str) -> Gone:
        self.connection.fatal = code
        return Gone(code)

    def _refused(self, event: realtime.Error, now: float) -> Step:
        """The server refuses an event of ours, or has a problem of its own."""
        purpose = purpose_of(event.event_id)
        actions: Actions = [ModelRefused(event.code, purpose.value if purpose else "")]
        if event.code in ModelError.FATAL_CODES:
            return actions, self._gone(event.code)
        if event.code == "conversation_already_has_active_response":
            return actions + self._send(self.responses.blocked(event.message, now)), None
        if event.code == "response_cancel_not_active":
            if self.responses.nothing_to_cancel(event.event_id):
                actions += self.advance(now)
        elif purpose is Purpose.RESPONSE:
            return actions, self.responses.refused(event.code)
        elif purpose is Purpose.SESSION:
            return self._config_was_refused(actions, now)
        elif purpose is Purpose.ITEM:
            self._items_refused += 1
            if self._items_refused > 1:
                # Tool items depend on one another; the words alone are always accepted.
                self.conversation.history.keep_messages()
            actions += self.reopen("conversation_refused")
        return actions, None

    def _config_was_refused(self, actions: Actions, now: float) -> Step:
        """The session has the server's defaults: neither instructions nor tools of ours. Nothing of
        it may be spoken; it is tried once without what a call can do without."""
        if self._config_refused:
            return actions, self._gone("session_refused")
        self._config_refused = True
        actions += self.configure(self.config)
        again = self.responses.asked
        if again is not None:
            actions += self.request(again, now)
        return actions, None

    # Time

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        gate = self.responses.gate
        if gate.free:
            return self.connection.renewal_at() if self.quiet else None
        return gate.since + CANCEL_WAIT_S if gate.cancelled else None

    def tick(self, now: float) -> Actions:
        """Give up what has waited for too long, renew what is about to expire."""
        gate = self.responses.gate
        if gate.cancelled and now >= gate.since + CANCEL_WAIT_S:
            return self.reopen("cancel_stalled")
        renewal = self.connection.renewal_at() if self.quiet else None
        return self.connection.renew() if renewal is not None and now >= renewal else []


def _essential(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in OPTIONAL}
