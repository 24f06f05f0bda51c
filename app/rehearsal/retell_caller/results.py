"""What came of several scenarios: as JUnit XML for CI, and as one page of HTML."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.rehearsal.retell_caller.outcome import Outcome

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top}"
    ".passed{color:#17692c}.failed{color:#a4161a}.skipped,.unjudged{color:#555}"
    "ul{margin:0;padding-left:1.2rem}"
)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario that was played, or left out: `skipped` says why, else it is blank."""

    name: str
    about: str
    seconds: float = 0.0
    outcomes: tuple[Outcome, ...] = field(default=())
    error: str = ""
    """What kept it from being played to its end."""
    skipped: str = ""
    seed: int | None = None
    """Of the caller's variation; None where the file was played as it is."""

    @property
    def title(self) -> str:
        """The name, and the seed if there was one."""
        return self.name if self.seed is None else f"{self.name}, seed {self.seed}"

    @property
    def problems(self) -> list[str]:
        """All that was not as expected."""
        found = [self.error] if self.error else []
        for outcome in self.outcomes:
            found += outcome.failures
            found += [f"protocol: {fault}" for fault in outcome.faults]
        return found

    @property
    def state(self) -> str:
        """`passed`, `failed`, `unjudged` or `skipped`."""
        if self.skipped:
            return "skipped"
        if self.problems:
            return "failed"
        return "unjudged" if self.unjudged else "passed"

    @property
    def unjudged(self) -> str:
        """Why nothing can be said of it, blank where something can."""
        return next((o.model.unjudged for o in self.outcomes if o.model.unjudged), "")

    @property
    def notes(self) -> list[str]:
        """What is told beside the result: the tone, and what a text model took."""
        return [note for outcome in self.outcomes for note in notes(outcome)]

    @property
    def silence(self) -> float | None:
        """The longest silence before an answer, in seconds; None where nothing was answered."""
        waits = [
            turn.silence
            for outcome in self.outcomes
            for turn in outcome.turns
            if turn.silence is not None
        ]
        return max(waits, default=None)


def notes(outcome: Outcome) -> list[str]:
    """What a text model said of a call's tone, and what it took."""
    used = outcome.model
    told = [f"tone: {outcome.model.tone}"] if outcome.model.tone else []
    if used.questions:
        told.append(
            f"text model: {used.questions} questions, {used.input_tokens} tokens in, "
            f"{used.output_tokens} out" + (f", {outcome.model.cost}" if outcome.model.cost else "")
        )
    return told


def count_of(results: Sequence[ScenarioResult], state: str) -> int:
    """How many are in this state."""
    return sum(result.state == state for result in results)


def summary_of(results: Sequence[ScenarioResult]) -> str:
    """How many passed, failed, could not be judged, and were left out."""
    unjudged = count_of(results, "unjudged")
    return (
        f"{count_of(results, 'passed')} passed, {count_of(results, 'failed')} failed, "
        + (f"{unjudged} not judged, " if unjudged else "")
        + f"{count_of(results, 'skipped')} left out"
    )


def junit(results: Sequence[ScenarioResult]) -> bytes:
    """The results as JUnit XML: one test case a scenario."""
    totals = {
        "tests": str(len(results)),
        "failures": str(count_of(results, "failed")),
        "skipped": str(count_of(results, "skipped")),
        "errors": str(count_of(results, "unjudged")),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", {"name": "scenarios", **totals})
    for result in results:
        about = {"classname": "scenarios", "name": result.title, "time": f"{result.seconds:.3f}"}
        case = ET.SubElement(suite, "testcase", about)
        if result.skipped:
            ET.SubElement(case, "skipped", {"message": _clean(result.skipped)})
        elif result.problems:
            first = ET.SubElement(case, "failure", {"message": _clean(result.problems[0])})
            first.text = _clean("\n".join([*result.problems, *_calls(result)]))
        elif result.unjudged:
            error = ET.SubElement(
                case, "error", {"message": _clean(f"not judged: {result.unjudged}")}
            )
            error.text = _clean("\n".join(_calls(result)))
        if result.notes:
            ET.SubElement(case, "system-out").text = _clean("\n".join(result.notes))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def page(results: Sequence[ScenarioResult], heading: str, notes: Sequence[str] = ()) -> str:
    """The results as one page that needs nothing else; `notes` are lines above the table."""
    rows = "\n".join(_row(result) for result in results)
    above = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    summary = summary_of(results)
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{html.escape(heading)}</title><style>{_STYLE}</style></head>
<body>
<h1>{html.escape(heading)}</h1>
<p>{summary}</p>
{f"<ul>{above}</ul>" if above else ""}
<table>
<thead><tr><th>Scenario</th><th>Result</th><th>Seconds</th><th>Longest silence</th><th>What \
happened</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def _row(result: ScenarioResult) -> str:
    silence = "" if result.silence is None else f"{result.silence:.2f} s"
    if result.skipped:
        told = html.escape(result.skipped)
    else:
        told_of = [*result.problems, *result.notes]
        if result.unjudged:
            told_of.insert(0, f"not judged: {result.unjudged}")
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in told_of)
        told = f"<ul>{lines}</ul>" if lines else ""
        told += html.escape(", ".join(_calls(result)))
    name = f"{html.escape(result.title)}<br><small>{html.escape(result.about)}</small>"
    return (
        f'<tr><td>{name}</td><td class="{result.state}">{result.state}</td>'
        f"<td>{result.seconds:.1f}</td><td>{silence}</td><td>{told}</td></tr>"
    )


def _calls(result: ScenarioResult) -> list[str]:
    return [f"call {outcome.call_id}" for outcome in result.outcomes]


def _clean(text: str) -> str:
    """The text without signs that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
