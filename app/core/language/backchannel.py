"""Is it a backchannel ("mhm", "okay") or an interruption? By phrase, fillers and the floor."""

from __future__ import annotations

from enum import StrEnum

from app.core.language.settings import BackchannelOptions, BackchannelSettings

DEFAULTS = BackchannelSettings()


class Floor(StrEnum):
    """Who has the right to speak when the caller is heard."""

    AGENT = "agent"
    """The agent is in the middle of saying something that is no question."""
    CALLER = "caller"
    """The agent is silent, or has just asked: whatever the caller says is an answer."""


class Kind(StrEnum):
    """What the caller's words are to a speaking agent."""

    NOTHING = "nothing"
    """No words (noise, punctuation, a cough)."""
    BACKCHANNEL = "backchannel"
    """Goes on listening; the agent goes on talking."""
    ANSWER = "answer"
    """A short answer to the agent's question."""
    INTERRUPTION = "interruption"
    """Real words: the agent stops and listens."""
    COMMAND = "command"
    """Stop, wait, no: the agent stops at once, whoever has the floor."""

    @property
    def stops_agent(self) -> bool:
        """Whether a speaking agent has to stop."""
        return self in (Kind.ANSWER, Kind.INTERRUPTION, Kind.COMMAND)


def floor_after(agent_said: str) -> Floor:
    """Who has the floor after (or during) what the agent has said so far in its turn."""
    return Floor.CALLER if not agent_said.strip() else Floor.AGENT


def classify(text: str, floor: Floor, lists: BackchannelOptions = DEFAULTS) -> Kind:
    """Say what `text`, heard while or right after the agent spoke, is. Never raises."""
    return Kind.INTERRUPTION if text.strip() else Kind.NOTHING
