"""The fold over a call: from what was said to what is asked for, and how far it is agreed.

One claim is open at a time; the others are settled or stopped. What an utterance is to the open
claim is one of the words below, and `NEXT` says what becomes of the claim. Whatever is not in the
table leaves it as it is: an utterance that asks for nothing changes nothing.

    open       asked for, not taken up by the agent yet
    taken      the agent has taken it up: named it, or gone on with it
    checked    the agent has asked for a yes to it
    offered    the agent has offered something else or something more exact
    agreed     the caller has said yes to it, or went on with it
    done       the agent has said that it is done
    unclear    the caller said something that is neither yes nor no
    undone     the agent has said that it is not done yet
    doubtful   the caller put it off, doubts it or said no to it
    refused    the agent has said that it cannot be had
    left       the agent has said that it is left as it is
    stopped    the caller took it back
"""

from __future__ import annotations

# What the agent's turn is to the claim.
STATES, CHECKS, OFFERS, TAKES_UP, ASSENTS, REPORTS, REFUSES, LEAVES, NOT_DONE = (
    "states", "checks", "offers", "takes up", "assents", "reports", "refuses", "leaves",
    "not done",
)  # fmt: skip
# What the caller's sentence is to it.
ASKS, GIVES, AGREES, NAMES, DENIES, STOPS, DOUBTS, REMARKS, CLOSES, REPEATS = (
    "asks", "gives", "agrees", "names", "denies", "stops", "doubts", "remarks", "closes",
    "repeats",
)  # fmt: skip

_ANY = (
    "open", "taken", "checked", "offered", "agreed", "unclear", "doubtful", "refused", "left",
    "undone",
)  # fmt: skip


def _rows(*rows: tuple[str | tuple[str, ...], str, str]) -> dict[tuple[str, str], str]:
    table: dict[tuple[str, str], str] = {}
    for states, event, after in rows:
        for state in (states,) if isinstance(states, str) else states:
            table[state, event] = after
    return table


NEXT: dict[tuple[str, str], str] = _rows(
    (("open", "taken", "offered", "unclear", "checked", "undone"), STATES, "taken"),
    (("open", "taken", "offered", "unclear", "checked", "agreed", "undone"), CHECKS, "checked"),
    (("open", "taken", "offered", "unclear", "refused", "checked"), OFFERS, "offered"),
    (("doubtful", "undone"), OFFERS, "offered"),
    (("open", "unclear"), TAKES_UP, "taken"),
    (("open",), ASSENTS, "taken"),
    (("open", "taken", "checked", "agreed", "unclear", "undone"), REPORTS, "done"),
    (("open", "taken", "checked", "offered", "agreed", "unclear", "undone"), REFUSES, "refused"),
    (("open", "taken", "agreed", "unclear", "done"), NOT_DONE, "undone"),
    (("open", "taken", "checked", "offered", "unclear", "doubtful", "undone"), LEAVES, "left"),
    (_ANY, ASKS, "open"),
    (("stopped",), ASKS, "open"),
    (_ANY, GIVES, "open"),
    (("stopped",), GIVES, "open"),
    (("done",), GIVES, "open"),
    (("taken", "checked", "offered", "unclear", "doubtful", "undone"), AGREES, "agreed"),
    (("taken",), NAMES, "agreed"),
    (("checked",), NAMES, "agreed"),
    (("checked", "offered", "unclear"), REPEATS, "taken"),
    (("taken",), CLOSES, "agreed"),
    (("checked", "offered", "taken"), DENIES, "doubtful"),
    ((*_ANY, "done"), STOPS, "stopped"),
    (_ANY, DOUBTS, "doubtful"),
    (("open", "taken", "agreed"), REMARKS, "unclear"),
)
"""(state, what is said) -> state."""


def after(state: str, event: str) -> str:
    """The state of a claim after an utterance."""
    return NEXT.get((state, event), state)
