"""What the model is told about the call beside what was said: notes, and answers to tool calls."""

from __future__ import annotations

from collections.abc import Sequence

SILENT = "[The caller has said nothing for a while. Ask briefly whether they are still there.]"
NOTHING_YET = "[The call has begun and the caller has not said anything yet.]"
GO_ON = "[A fault cut your answer off. Go on exactly where it ended, without repeating anything.]"
CUT_OFF = "[A fault cut off what the caller just said. Ask them to say it once more.]"
TAKEN_BACK = "[The caller spoke before the call was ended or transferred: it did not happen.]"
BACK = "[The line was cut for a moment and is back. Go on where you were; do not greet again.]"

SUPERSEDED = "The caller went on speaking, so this was not done. Listen to what they say now."
BUSY = "Not done: another tool is still running. Call this again afterwards."
NOBODY_TO_TRANSFER_TO = "There is nobody to transfer to. Offer something else."
NO_DIGITS = "There are no digits to press."
LATE_READ = "No answer in time: the calendar cannot be seen. Say so, and offer to try again."
LATE_WRITE = (
    "No answer in time: it is noted, but not known yet whether it worked. Say so; you will be told."
)
NOT_RUN = "Not done: the caller kept on speaking. Ask whether it is still wanted."


def target_closed(name: str, opening: str, instead: str, takes_messages: bool) -> str:
    """Nobody is there who could be put through to. `opening` and `instead` may be blank."""
    again = f" Somebody is there again {opening}." if opening else ""
    if instead:
        offer = f"offer to connect them to {instead} instead"
    else:
        offer = "offer to take a message" if takes_messages else "offer something else"
    return f"Not done: nobody is there at {name} now.{again} Say so, and {offer}."


def not_answered(name: str, why: str, takes_messages: bool) -> str:
    """The caller was put through in vain and is back. `why` is one of `NOT_ANSWERED`."""
    offer = "offer to take a message" if takes_messages else "offer something else"
    told = NOT_ANSWERED.get(why, NOT_ANSWERED["failed"])
    return f"[The caller is back: {name} {told}. Say so, and {offer}. Do not greet again.]"


NOT_ANSWERED = {
    "no-answer": "did not answer",
    "busy": "is busy on the telephone",
    "declined": "cannot take the call now",
    "failed": "could not be reached",
}
"""Why a transfer came to nothing, and what the model is told."""


def several(parts: Sequence[object]) -> str:
    """The caller asked for more than one thing in a sentence."""
    listed = "; ".join(str(part) for part in parts)
    return (
        f"[The caller asked for several things in one sentence: {listed}. See to them one after the"
        " other. When one is done, turn to the next that is not done yet, without being asked.]"
    )


def late_result(name: str, output: str) -> str:
    """A tool has answered after the model was told that there is no answer."""
    return f"[Late result of {name}: {output}]"


def verbatim(text: str) -> str:
    """Have the model say `text` and nothing else."""
    quoted = text.replace('"', "'")
    return f'[Say exactly this, word for word, and nothing else: "{quoted}"]'


def keys_pressed(digits: str) -> str:
    """The caller pressed keys."""
    return f"[Keys pressed on the telephone: {' '.join(digits) or '#'}]"
