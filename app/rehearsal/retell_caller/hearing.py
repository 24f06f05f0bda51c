"""What the caller has heard of the agent: the present turn, word by word, and what it did."""

from __future__ import annotations

from app.rehearsal.retell_caller import events


class Hearing:
    """Give it every event. `ready` is true when the agent has finished its turn; `text` is that
    turn, white space folded."""

    def __init__(self) -> None:
        self.ready = False
        self.text = ""
        self.words: list[str] = []
        self.tools: list[str] = []
        self.reminded = False

    def event(self, event: events.Event) -> None:
        """Take note of what happened."""
        if isinstance(event, events.Asked):
            self.ready, self.text = False, ""
            self.words = []
            self.reminded = self.reminded or event.reminder
        elif isinstance(event, events.AgentDone):
            if not event.cut:
                self.ready, self.text = True, " ".join(event.text.split())
        elif isinstance(event, events.Word):
            if event.role == "agent":
                self.words.append(event.word)
        elif isinstance(event, events.ToolCalled):
            self.tools.append(event.name)

    def take_part(self) -> None:
        """What was spoken so far becomes the text, though the turn goes on."""
        self.text = " ".join(" ".join(self.words).split())
