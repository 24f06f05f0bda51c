"""The same scenario as another caller would play it: by a seed, and the same for the same seed.

Wording, self-corrections, pace, pauses, interruptions, remarks in between and hesitation are
varied. What is asked for, and what must come of it, stays.
"""

from __future__ import annotations

import random

from app.rehearsal.callers.wording import Wording
from app.rehearsal.retell_caller.scenario import (
    CallSpec,
    Converse,
    LineSpec,
    MannerSpec,
    Meanwhile,
    Reply,
    Say,
    Scenario,
    Step,
)

#: Callers who interrupt, or are interrupted, have to say things more often.
MORE_TIMES, MORE_TURNS = 2, 10
_PACES = (140, 165, 190, 215, 250)
_ENDS_OF_TURN_MS = (200, 300, 500, 800)
_PAUSES_MS = (0, 400, 1200, 3000)
_INTERRUPTS = (0.0, 0.2, 0.5)
_HUMS = (0.0, 0.15, 0.3)
_HESITATES = (0.0, 0.2, 0.4)


def vary(script: Scenario, seed: int) -> Scenario:
    """The scenario as the caller of this seed plays it."""
    calls = tuple(_call(spec, f"{seed}/{at}") for at, spec in enumerate(script.calls))
    return script.model_copy(update={"calls": calls})


def _call(spec: CallSpec, seed: str) -> CallSpec:
    if not spec.vary:
        return spec
    dice = random.Random(seed)
    line = spec.line.model_copy(
        update={
            "words_per_minute": dice.choice(_PACES),
            "end_of_turn_ms": dice.choice(_ENDS_OF_TURN_MS),
        }
        if spec.line == LineSpec()
        else {}
    )
    manner = MannerSpec(
        seed=seed,
        interrupts=dice.choice(_INTERRUPTS),
        hums=dice.choice(_HUMS),
        hesitates=dice.choice(_HESITATES),
        thinks_ms=dice.choice(_PAUSES_MS),
    )
    steps = tuple(_step(step, f"{seed}/{at}") for at, step in enumerate(spec.steps))
    return spec.model_copy(update={"line": line, "manner": manner, "steps": steps})


def _step(step: Step, seed: str) -> Step:
    words = Wording(random.Random(seed))
    if isinstance(step, Say):
        kept = step.exactly or not step.request or step.say.startswith("(")
        return step if kept else step.model_copy(update={"say": words.reword(step.say)})
    if isinstance(step, Converse):
        replies = tuple(_reply(reply, words) for reply in step.converse)
        return step.model_copy(update={"converse": replies, "turns": step.turns + MORE_TURNS})
    if isinstance(step, Meanwhile):
        return step.model_copy(update={"meanwhile": _call(step.meanwhile, seed)})
    return step


def _reply(reply: Reply, words: Wording) -> Reply:
    text = reply.say if reply.exactly else words.reword(reply.say)
    return reply.model_copy(update={"say": text, "times": reply.times + MORE_TIMES})
