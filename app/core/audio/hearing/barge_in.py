"""The caller makes a sound while the agent has the floor: a breath, a backchannel, an interruption?

Three steps, as people do it. At once: fall silent. Within the agent's window: find out what it was,
from the words where they come in time, from how long the sound lasts where they do not. Then:
either give up the turn, or go on from where it stopped. Falling silent costs an interrupting caller
nothing, because an answer is only due when they have finished; it costs a caller who said "mhm" a
pause that ends a quarter of a second after the sound.

Two ears listen. The model's voice detection is the better one, but it tells of an end only after
its silence; `hearing.levels` tells at once, and can miss a soft voice. So what this program hears
to end may be gone on into, and while voice detection still says speech, the next bit of voice
silences the agent again.

Times are in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.agent.audio import BargeInSettings
from app.core.audio.hearing.levels import CLEAR_VOICE, Sound
from app.core.language.backchannel import Floor, Kind, classify
from app.core.language.settings import BackchannelOptions

#: A sound is over when it has been quiet for so long; later where it was faint, or came back.
QUIET_S, UNSURE_QUIET_S = 0.24, 0.6
#: Voice detection tells of a begin so late at most.
ONSET_S = 0.3
#: Gaps up to this are part of the sound: the closed lips of a "p", a syllable too soft to hear.
GAP_S = 0.12
#: So much voice after the agent went on silences it again.
AGAIN_S = 0.06
#: Voice before the model's voice detection told of it counts if it is not older than this.
RECENT_VOICE_S = 0.5
_LAST_WORD = re.compile(r"(?<![\w'’-])[\w'’-]+$")


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
        """How long the present sound is by our own ears, short gaps included."""
        self._quiet = RECENT_VOICE_S
        self._clear = False
        """Whether the sound stood out enough for our own ears to hear its end."""
        self._since: float | None = None
        self._open = False
        """A sound began that voice detection has not yet seen the end of."""
        self._again = 0.0
        """Voice since the agent went on into a sound that is still open."""
        self._came_back = False
        """Whether the agent went on too early once: now it waits longer."""
        self._floor = Floor.AGENT
        self._ended = False
        self._words = Kind.NOTHING

    @property
    def deciding(self) -> bool:
        """True between MUTE and its answer."""
        return self._since is not None

    @property
    def deadline(self) -> float | None:
        """When `tick` will decide, if nothing else does before."""
        return None if self._since is None else self._since + self._settings.window_ms / 1000

    def level(self, sound: Sound, seconds: float, now: float) -> Decision | None:
        """The caller's next frame, as loud as it is. Called for every frame, also while idle."""
        if sound:
            if self._quiet >= RECENT_VOICE_S:
                self._voiced, self._clear = 0.0, False
            self._voiced += seconds + (self._quiet if self._quiet <= GAP_S else 0.0)
            self._quiet = 0.0
            if sound is CLEAR_VOICE:
                self._clear = True
        else:
            self._quiet += seconds
            if self._quiet > GAP_S:
                self._again = 0.0
        if self._since is not None:
            return self._judge()
        return self._heard_again(seconds, now) if sound and self._open else None

    def _judge(self) -> Decision | None:
        """What our own ears make of the sound that is being decided about."""
        if self._voiced >= self._settings.speech_ms / 1000:
            return self._decide(Verdict.YIELD, "speech")
        if not self._over:
            return None
        why = "backchannel" if self._words is Kind.BACKCHANNEL else "short"
        return self._decide(Verdict.RESUME, why)

    def _heard_again(self, seconds: float, now: float) -> Decision | None:
        """Voice in a sound that the agent went on into: silence again."""
        self._again += seconds
        if self._voiced >= self._settings.speech_ms / 1000:
            return self._decide(Verdict.YIELD, "speech")
        if self._again < AGAIN_S:
            return None
        self._since, self._again, self._words = now, 0.0, Kind.NOTHING
        self._came_back = True
        return MUTE

    @property
    def _over(self) -> bool:
        """Whether our own ears say that the sound has ended; never where they did not hear it."""
        if self._voiced <= 0.0:
            return False
        sure = self._clear and not self._came_back
        return self._quiet >= (QUIET_S if sure else UNSURE_QUIET_S)

    def started(self, floor: Floor, now: float) -> Decision | None:
        """Voice was detected while the agent has the floor (speaking, or about to)."""
        if self._since is not None:
            # A second sound inside the window: the caller goes on.
            self._ended, self._open = False, True
            return None
        self._since, self._floor, self._open = now, floor, True
        self._ended, self._words = False, Kind.NOTHING
        self._again, self._came_back = 0.0, False
        # Of what was heard before, no more belongs to it than voice detection takes to tell.
        self._voiced = 0.0 if self._quiet >= RECENT_VOICE_S else min(self._voiced, ONSET_S)
        self._clear = self._clear and self._voiced > 0.0
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
        speech = was_open and seconds >= self._settings.speech_ms / 1000
        if self._since is None:
            # Of a sound heard clearly our own ears have counted the length.
            return self._decide(Verdict.YIELD, "speech") if speech and not self._clear else None
        if speech:
            return self._decide(Verdict.YIELD, "speech")
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
