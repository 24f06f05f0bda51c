"""The end of an audio call: last words, then the line is closed or handed over."""

from __future__ import annotations

from app.core.audio.transcript import SpokenRecord
from app.core.call.ending import Ending
from app.core.call.events import Actions, EndCall, SaveState
from app.core.call.notes import CallEnding, Heard
from app.core.realtime.session import ModelSession

#: The longest wait for the last words of a call before it ends without them.
ENDING_S = 20.0


class Closing:
    """Ends the call once. `by` is when it ends without the words it waits for; `outcome` is for
    whoever is asked afterwards what to do with the line."""

    def __init__(self, ending: Ending, model: ModelSession, record: SpokenRecord) -> None:
        self.by: float | None = None
        self.ended = False
        self.outcome: dict[str, str] | None = None
        self._ending = ending
        self._model = model
        self._record = record

    def wait(self, now: float) -> None:
        """The last words are about to be said."""
        self.by = now + ENDING_S

    def end(self, say: str = "") -> Actions:
        """Do what is pending: hang up or hand over. `say` is left to the telephone to say."""
        pending, self._ending.pending = self._ending.pending, None
        if self.ended:
            return []
        self.ended, self.by = True, None
        end = EndCall("end", "", say)
        if pending is not None and pending.kind == "transfer":
            end = EndCall("transfer", pending.target, say, pending.name)
        self.outcome = {
            "kind": end.kind,
            "number": end.number,
            "say": end.say,
            "target": end.target,
        }
        heard = Heard(self._record.as_heard())
        return [CallEnding(end.kind), heard, SaveState(), end, *self._model.close()]

    @property
    def handed_over(self) -> bool:
        """Whether the caller was handed to somebody, and may come back."""
        return self.outcome is not None and self.outcome["kind"] == "transfer"

    def caller_left(self) -> Actions:
        """The caller is gone: nothing is said to nobody."""
        self.ended = True
        return [*self._model.close(), Heard(self._record.as_heard()), SaveState()]

    def reopen(self) -> None:
        """The call goes on on a new stream."""
        self.ended = False
