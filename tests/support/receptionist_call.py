"""The other end of a call with the rehearsal receptionist: the conversation and its tools."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson

from app.rehearsal.realtime_server.reply import Call, Prompt, Say
from app.rehearsal.receptionist.policy import Receptionist

NOW = 1_795_284_000.0


class ReceptionistCall:
    """Keeps the items that the receptionist sees. `calls` are the tools that it called.

    `run` answers a tool by its name and arguments; those of `ending` are not run, and the call ends
    with the sentence that they are given.
    """

    def __init__(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        run: Callable[[str, dict[str, Any]], dict[str, Any]],
        greeting: str,
        ending: Collection[str],
    ) -> None:
        self.text = instructions
        self.tools = [dict(tool) for tool in tools]
        self.items: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._brain = Receptionist()
        self._run_tool = run
        self._ending = ending
        self.message("assistant", greeting)

    def message(self, role: str, text: str) -> None:
        """Add a message."""
        kind = "output_text" if role == "assistant" else "input_text"
        content = [{"type": kind, "text": text}]
        self.items.append({"type": "message", "role": role, "content": content})

    def says(self, *texts: str) -> str:
        """The caller speaks; what the agent answers after all tools have run."""
        for text in texts:
            self.message("user", text)
        return self.respond()

    def note(self, text: str) -> str:
        """A message of the system's; what the agent answers."""
        self.message("system", text)
        return self.respond()

    def respond(self) -> str:
        """What the agent says next."""
        for _ in range(5):
            prompt = Prompt(self.text, self.tools, "auto", list(self.items), NOW)
            parts = self._brain.answer(prompt)
            said = " ".join(part.text for part in parts if isinstance(part, Say))
            if said:
                self.message("assistant", said)
            calls = [part for part in parts if isinstance(part, Call)]
            if not calls:
                return said
            for call in calls:
                arguments = orjson.loads(call.arguments)
                self.calls.append((call.name, arguments))
                if call.name in self._ending:
                    return str(arguments["message"])
                self._run(call, arguments)
        raise AssertionError(f"going in circles: {self.calls}")

    def _run(self, call: Call, arguments: dict[str, Any]) -> None:
        about = {"call_id": f"c{len(self.items)}"}
        called = {"type": "function_call", "name": call.name, "arguments": call.arguments}
        self.items.append(called | about)
        output = orjson.dumps(self._run_tool(call.name, arguments)).decode()
        self.items.append({"type": "function_call_output", "output": output, **about})

    @property
    def called(self) -> list[str]:
        """The names of the tools that were called, in order."""
        return [name for name, _ in self.calls]

    def arguments(self, tool: str) -> dict[str, Any]:
        """What the tool was last called with."""
        return next(args for name, args in reversed(self.calls) if name == tool)
