"""The caller makes a sound while the agent has the floor: a breath, a backchannel, an interruption?

Three steps, as people do it. At once: fall silent. Within the agent's window: find out what it was,
from the words where they come in time, from how long the sound lasts where they do not. Then:
either give up the turn, or go on from where it stopped. Falling silent costs an interrupting caller
nothing, because an answer is only due when they have finished; it costs a caller who said "mhm" a
pause of a few hundred milliseconds.

Times are in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.agent.definition import BargeInSettings
from app.core.language.backchannel import Floor, Kind, classify
from app.core.language.settings import BackchannelOptions

#: The sound is over when it has been quiet for so long.
QUIET_S = 0.2
#: Voice before the model's voice detection told of it counts if it is not older than this.
RECENT_VOICE_S = 0.5
_LAST_WORD = re.compile(r"[\w'’-]+$")


class Verdict(StrEnum):
    """What to do about the caller's sound."""

    MUTE = "mute"
    """Stop sending and clear the phone's buffer; the answer follows."""
    RESUME = "resume"
    """Go on from where it was muted."""
    YIELD = "yield"
    """Cancel and truncate: the caller has the floor. May also follow a RESUME, where a sound that
    was taken for a remark turns out to be more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and why: ``sound``, ``breath``, ``short``, ``backchannel``, ``noise`` (no words),
    ``command``, ``words``, ``speech`` (too long to be a remark)."""

    verdict: Verdict
    why: str


MUTE = Decision(Verdict.MUTE, "sound")


class BargeIn:
    """The decisions about one call's interruptions, one sound at a time."""

    def __init__(self, settings: BargeInSettings, lists: BackchannelOptions) -> None:
        self._settings = settings
        self._lists = lists
        self._voiced = 0.0
        self._quiet = RECENT_VOICE_S
        self._since: float | None = None
        self._open = False
        """A sound began that voice detection has not yet seen the end of."""
        self._floor = Floor.AGENT
        self._ended = False
        self._words = Kind.NOTHING
        self._blind = False

    @property
    def deciding(self) -> bool:
        """True between MUTE and its answer."""
        return self._since is not None

    @property
    def deadline(self) -> float | None:
        """When `tick` will decide, if nothing else does before."""
        return None if self._since is None else self._since + self._settings.window_ms / 1000

    def level(self, loud: bool, seconds: float, now: float) -> Decision | None:
        """The loudness of the caller's next frame. Called for every frame, also while idle."""
        if loud:
            if self._quiet >= RECENT_VOICE_S:
                self._voiced = 0.0
            self._voiced += seconds
            self._quiet = 0.0
        else:
            self._quiet += seconds
        if self._since is None and not self._open:
            return None
        if loud:
            self._blind = False
        if self._voiced >= self._settings.speech_ms / 1000:
            return self._decide(Verdict.YIELD, "speech")
        if self._since is None:
            return None
        if self._over and self._voiced < self._settings.breath_ms / 1000:
            return self._decide(Verdict.RESUME, "breath")
        if self._over and self._words is Kind.BACKCHANNEL:
            return self._decide(Verdict.RESUME, "backchannel")
        return None

    @property
    def _over(self) -> bool:
        """Whether our own ears say that the sound has ended; never where they did not hear it."""
        return not self._blind and self._quiet >= QUIET_S

    def started(self, floor: Floor, now: float) -> Decision | None:
        """Voice was detected while the agent has the floor (speaking, or about to)."""
        if self._since is not None:
            # A second sound inside the window: the caller goes on.
            self._ended, self._open = False, True
            return None
        self._since, self._floor, self._open = now, floor, True
        self._ended, self._words = False, Kind.NOTHING
        self._blind = self._quiet >= RECENT_VOICE_S
        if self._blind:
            self._voiced = 0.0
        return MUTE

    def heard(self, text: str, final: bool, now: float) -> Decision | None:
        """What the sound was in words, so far (`final` false) or altogether."""
        if self._since is None:
            return None
        whole = text if final else _LAST_WORD.sub("", text)
        if not final and not whole.strip():
            return None
        kind = self._words = classify(whole, self._floor, self._lists)
        if kind.stops_agent:
            return self._decide(Verdict.YIELD, "command" if kind is Kind.COMMAND else "words")
        if final:
            return self._decide(Verdict.RESUME, "backchannel" if whole.strip() else "noise")
        return None

    def stopped(self, seconds: float, now: float) -> Decision | None:
        """Voice detection says that the sound is over, and how long it lasted."""
        was_open, self._open = self._open, False
        if was_open and seconds >= self._settings.speech_ms / 1000:
            return self._decide(Verdict.YIELD, "speech")
        if self._since is None:
            return None
        self._ended = True
        if self._words is Kind.BACKCHANNEL:
            return self._decide(Verdict.RESUME, "backchannel")
        if seconds < self._settings.breath_ms / 1000:
            return self._decide(Verdict.RESUME, "breath")
        return None

    def tick(self, now: float) -> Decision | None:
        """The time moved on. At the deadline there is always a decision."""
        deadline = self.deadline
        if deadline is None or now < deadline:
            return None
        if self._ended or self._over:
            return self._decide(Verdict.RESUME, "short")
        return self._decide(Verdict.YIELD, "speech")

    def late(self, text: str, floor: Floor) -> Decision | None:
        """The words of a sound that was taken for a remark, after the agent went on."""
        if self._since is not None:
            return None
        kind = classify(text, floor, self._lists)
        if not kind.stops_agent:
            return None
        return Decision(Verdict.YIELD, "command" if kind is Kind.COMMAND else "words")

    def abandon(self) -> None:
        """Forget the sound: the turn ended otherwise."""
        self._since, self._open = None, False

    def _decide(self, verdict: Verdict, why: str) -> Decision:
        self._since = None
        if verdict is Verdict.YIELD:
            self._open = False
        return Decision(verdict, why)
