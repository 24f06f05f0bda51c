"""Whatever is said and whatever tools return, the receptionist answers, and keeps its promises."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.tools.declarations import TOOLS
from app.rehearsal.realtime_server.reply import Call, Prompt, Say
from app.rehearsal.receptionist.policy import Receptionist

BRAIN = Receptionist()
TOOL_LIST = [tool.declaration() for tool in TOOLS.values()]
WORDS = st.sampled_from(
    [
        "I want to book a cleaning", "cancel my appointment", "move it to Wednesday", "Tuesday",
        "the second one", "three thirty", "Dana Reyes", "my name is Bob Stone", "yes", "no",
        "never mind", "(unintelligible audio)", "what times are free", "make it ten", "bye",
        "thank you", "who are you", "any", "something else", "the name", "a person please",
        "", "???", "the first of next month after four", "no not Tuesday", "cancel that",
    ]
)  # fmt: skip
SLOT = st.fixed_dictionaries(
    {},
    optional={
        "slot_id": st.sampled_from(["a", "b"]),
        "date": st.sampled_from(["2026-11-24", "2026-11-25", "soon"]),
        "time": st.sampled_from(["09:00", "15:30", "late"]),
        "say": st.sampled_from(["Tuesday at nine", ""]),
        "booking_id": st.sampled_from(["B1", "B2"]),
    },
)
OUTPUT: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"slots": st.lists(SLOT, max_size=4)}),
    st.fixed_dictionaries({"appointments": st.lists(SLOT, max_size=3)}),
    st.fixed_dictionaries(
        {"ok": st.booleans()},
        optional={
            "error": st.sampled_from(["slot_taken", "calendar_down", "", None]) | st.just({}),
            "output": SLOT,
            "slots": st.lists(SLOT, max_size=2) | st.none(),
            "say": st.sampled_from(["It is done.", None]),
        },
    ),
    st.sampled_from([[], "text", 7, None]),
)
STEP = st.one_of(
    WORDS.map(lambda text: ("user", text)),
    OUTPUT.map(lambda output: ("output", orjson.dumps(output).decode())),
    st.sampled_from(["[The caller has said nothing for a while.]", "[Go on.]"]).map(
        lambda text: ("system", text)
    ),
    st.integers(0, 200).map(lambda length: ("cut", length)),
)


def text_item(role: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "text", "text": text}]}


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=14))
def test_always_answers_and_books_only_what_was_offered_read_back_and_agreed(
    steps: list[tuple[str, Any]],
) -> None:
    items: list[dict[str, Any]] = []
    offered: set[str] = set()
    for kind, value in steps:
        match kind:
            case "user" | "system":
                items.append(text_item(kind, value))
            case "cut":
                if items and items[-1].get("role") == "assistant":
                    part = items[-1]["content"][0]
                    part["text"] = part["text"][:value]
                continue
            case _:
                if not items or items[-1]["type"] != "function_call":
                    continue
                call_id = items[-1]["call_id"]
                items.append({"type": "function_call_output", "call_id": call_id, "output": value})
                data = orjson.loads(value)
                if isinstance(data, dict):
                    slots = data.get("slots") or []
                    offered |= {slot["slot_id"] for slot in slots if "slot_id" in slot}
        parts = BRAIN.answer(Prompt("", TOOL_LIST, "auto", list(items), 0.0))
        assert parts
        for part in parts:
            if isinstance(part, Say):
                assert part.text.strip()
                items.append(text_item("assistant", part.text))
                continue
            assert isinstance(part, Call)
            assert part.name in TOOLS
            arguments = orjson.loads(part.arguments)
            if part.name in ("book_appointment", "reschedule_appointment"):
                assert arguments["slot_id"] in offered
                said = [i for i in items if i.get("role") == "assistant"][-1]
                assert "shall i" in said["content"][0]["text"].lower()
            items.append(
                {
                    "type": "function_call",
                    "call_id": f"c{len(items)}",
                    "name": part.name,
                    "arguments": part.arguments,
                }
            )
