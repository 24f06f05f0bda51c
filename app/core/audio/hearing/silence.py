"""A caller who says nothing, or who cannot be heard: when they are asked, and when let go.

Sounds without words (noise, a crowd, a voice detection that never ends) silence the agent and hold
back everything that waits for quiet. The watch over them begins with the first sound since
something was said or understood, and tells when the agent is to speak up in spite of it. From then
on the line counts as noisy: until words come, its sounds no longer stop the agent and are not
answered. A caller who is heard clearly by our own ears is given more time, and is answered on a
noisy line too.

Times are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.agent.definition import Agent

#: However clearly the caller is heard, words are waited for no longer than this.
LONGEST_SPEECH_S = 40.0
#: So much clear voice within one sound is somebody speaking, and no clatter.
SPOKEN_S = 0.3


@dataclass(slots=True)
class Silence:
    """`since` is when both sides fell silent, None while somebody speaks or is about to; `prompts`
    counts how often the caller was asked in vain."""

    agent: Agent
    since: float | None = None
    prompts: int = 0

    @property
    def limit_s(self) -> float:
        """The longest silence."""
        asked = self.agent.turn_taking.reminder_trigger_ms
        return (self.agent.audio.idle_ms if asked is None else asked) / 1000

    def begin(self, now: float) -> None:
        """Nobody speaks any more."""
        if self.since is None:
            self.since = now

    def broken(self, *, answered: bool = False) -> None:
        """Somebody makes a sound; the caller has `answered` once it was words of theirs."""
        self.since = None
        if answered:
            self.prompts = 0

    def over_at(self) -> float | None:
        """When the silence has lasted too long."""
        return None if self.since is None else self.since + self.limit_s

    def prompt(self) -> bool:
        """It has: whether the caller is asked once more."""
        self.since = None
        self.prompts += 1
        asked = self.agent.turn_taking.reminder_max_count
        return self.prompts <= (self.agent.audio.idle_prompts if asked is None else asked)


class NoiseWatch:
    """Whether the caller can be heard. `prompts` counts how often that was asked about in vain,
    `asked` how often in the whole call."""

    def __init__(self, agent: Agent) -> None:
        taking, audio = agent.turn_taking, agent.audio
        self.noisy = False
        """Sounds of the line are not taken for the caller."""
        self.prompts = self.asked = 0
        self._most = taking.unheard_prompts
        self._after = taking.unheard_after_ms / 1000
        idle = audio.idle_ms if taking.reminder_trigger_ms is None else taking.reminder_trigger_ms
        self._idle = max(idle / 1000, self._after)
        self._transcribed = audio.transcription is not None
        self._since: float | None = None
        """The first sound since something was said or understood."""
        self._open = False
        """Voice detection says speech."""
        self._clear = 0.0
        """Clear voice in the present sound."""
        self._clear_at = 0.0
        self._began = 0.0
        """When the newest sound began."""

    def sound_began(self, now: float) -> None:
        """Voice detection says speech."""
        self._open, self._clear, self._began = True, 0.0, now
        if self._since is None:
            self._since = now

    def sound_ended(self) -> None:
        """Voice detection says that the sound is over."""
        self._open = False

    def clear_voice(self, seconds: float, now: float) -> None:
        """Our own ears hear somebody speak."""
        self._clear += seconds
        if self._clear >= SPOKEN_S:
            self._clear_at = now

    @property
    def spoken(self) -> bool:
        """Whether somebody was heard clearly in the present sound, or the last one."""
        return self._clear >= SPOKEN_S

    def committed(self) -> bool:
        """The sound is an item of the model's session; whether it may be answered without words."""
        self._open = False
        if not self._transcribed and self.spoken:
            self.understood()
        return not self.noisy or self.spoken

    def words(self, text: str, *, answered: bool) -> None:
        """The words of a sound are known. None, where none was heard clearly: it was noise, which
        was `answered` or not."""
        if text.strip():
            self.understood()
        elif answered and not self.spoken:
            self.noisy = True
            self.prompts += 1

    def understood(self) -> None:
        """The caller has said or done something that makes sense."""
        self.noisy, self.prompts, self._since = False, 0, None

    def agent_spoke(self, now: float) -> None:
        """The agent was heard up to now."""
        self._since = now if self._open else None

    def session_gone(self) -> None:
        """No end of the present sound will be told."""
        self._open = False

    def due(self) -> float | None:
        """When the agent is to speak up, as far as is known; None where nothing was heard."""
        since = self._since
        if since is None:
            return None
        if not self._open:
            return since + self._idle
        return max(since, min(self._clear_at, since + LONGEST_SPEECH_S)) + self._after

    def speak_up(self, now: float) -> bool:
        """The time has come: the line is noisy. True where the caller is asked, False where that
        was done often enough."""
        self.noisy = True
        self._since = now if self._open else None
        self.prompts += 1
        self.asked += 1
        return self.prompts <= self._most

    def wait_on(self, now: float) -> bool:
        """The time has come, but an answer is on its way: only let no sound stop it, where sounds
        go on or come again. True where the line counts as noisy from now on."""
        since = now if self._since is None else self._since
        self._since = now
        begins = not self.noisy and (self._open or self._began > since)
        self.noisy = self.noisy or begins
        return begins

    def to_state(self) -> dict[str, int]:
        """Members of the saved call."""
        return {"prompts": self.prompts, "asked": self.asked}

    def restore(self, state: dict[str, int] | None) -> None:
        """Go on from what `to_state` gave. Whether the line is still noisy shows again."""
        if state is not None:
            self.prompts, self.asked = state["prompts"], state["asked"]
