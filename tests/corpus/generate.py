"""Whole calls put together from parts, with what must and must not happen computed from the parts.

    calls(seed, count)

gives the same calls for the same seed, each of them another one. The lines have the form of
calls_dev.jsonl. The wordings, the calendar, and the ways to say a day and a time are in parts.py;
the course of each kind of call is here.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.corpus import parts

ZONE = ZoneInfo("America/Los_Angeles")
FIRST_DAY, LAST_DAY = date(2026, 11, 23), date(2027, 1, 20)


class Call:
    """One call while it is put together."""

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        day = FIRST_DAY + timedelta(days=pick.randrange((LAST_DAY - FIRST_DAY).days + 1))
        self.started = datetime.combine(day, time(pick.randrange(8, 18), pick.randrange(60)))
        self.number = f"+1415555{pick.randrange(10_000):04d}"
        self.clock = 0.0
        self.recognised = pick.random() < 0.4
        self.transcript: list[dict[str, Any]] = []
        self.before: list[dict[str, Any]] = []
        self.expect: list[dict[str, Any]] = []
        self.first = pick.choice(parts.FIRST_NAMES)
        self.last = pick.choice(parts.LAST_NAMES)
        self.name = f"{self.first} {self.last}"
        self.service = pick.choice(list(parts.SERVICES))
        self.taken: set[date] = set()
        self.agent(pick.choice(parts.GREETINGS))

    def agent(self, text: str) -> None:
        self._add("agent", text)

    def user(self, *texts: str) -> None:
        text = " ".join(part for part in texts if part)
        if self.recognised:  # as recognisers write it: no capitals, no marks between the words
            text = text.lower().translate(str.maketrans("", "", ".,?"))
        self._add("user", text)

    def _add(self, role: str, text: str) -> None:
        self.clock += 0.5 + len(text.split()) / 2.6 + self.pick.randrange(10) / 10
        self.transcript.append({"role": role, "content": text, "at": round(self.clock, 1)})

    def free(self, service: str) -> datetime:
        """A start on a day that no other appointment of this call is on."""
        while True:
            day = self.started.date() + timedelta(days=self.pick.randrange(1, 40))
            if day not in self.taken and (found := parts.starts(day, service)):
                self.taken.add(day)
                return self.pick.choice(found)

    def has(self, service: str) -> datetime:
        """The caller has an appointment already."""
        start = self.free(service)
        self.before.append(
            {
                "service": service,
                "start": f"{start:%Y-%m-%dT%H:%M}",
                "name": self.name,
                "number": self.number,
            }
        )
        return start

    def day(self, start: datetime) -> str:
        return self.pick.choice(parts.day_forms(start.date(), self.started.date()))

    def when(self, start: datetime, on: bool = True) -> str:
        """'on Tuesday at ten', or 'Tuesday at ten' after 'from' and 'to'."""
        day = self.day(start)
        before = "on " if on and not day.startswith(("tomorrow", "the day after")) else ""
        return f"{before}{day} at {self.pick.choice(parts.time_forms(start))}"

    def fill(self, wordings: tuple[str, ...], **words: str) -> str:
        words.setdefault("service", self.pick.choice(parts.SERVICES[self.service]))
        if "when" in words:
            words["When"] = words["when"][0].upper() + words["when"][1:]
        return self.pick.choice(wordings).format(**words)

    def remark(self) -> str:
        other = self.free("checkup")
        relative = self.pick.choice(parts.RELATIVES)
        return self.fill(parts.REMARKS, when=self.when(other), relative=relative)

    def names_itself(self) -> None:
        self.agent(self.pick.choice(("And your full name?", "May I have your full name, please?")))
        self.user(
            self.pick.choice(parts.NAMINGS).format(name=self.name, first=self.first, last=self.last)
        )

    def asked_aside(self) -> None:
        """Sometimes a question about something else, answered with numbers and months."""
        if self.pick.random() < 0.4:
            question, answer = self.pick.choice(parts.ANSWERS)
            number, other = self.pick.sample(parts.NUMBERS[2:], 2)
            tens = self.pick.choice(parts.TENS)
            self.agent(question)
            self.user(
                answer.format(
                    number=number,
                    Number=number.capitalize(),
                    other=other,
                    tens=tens,
                    Tens=tens.capitalize(),
                    Month=self.pick.choice(("January", "March", "May", "August", "December")),
                    ordinal=self.pick.choice(parts.ORDINALS),
                )
            )

    def ends(self) -> None:
        """Sometimes a remark, then goodbye."""
        if self.pick.random() < 0.4:
            self.user(self.remark())
            self.agent("I see.")
        self.user(self.pick.choice(parts.GOODBYES))

    def hello(self) -> str:
        return self.pick.choice(parts.HELLOS)


def book(call: Call) -> None:
    """Asked for in one sentence or by answers, sometimes corrected."""
    if call.pick.random() < 0.3:
        call.has(call.pick.choice(list(parts.SERVICES)))
    start = call.free(call.service)
    if call.pick.random() < 0.5:
        asked = call.fill(parts.BOOKINGS, when=call.when(start))
        if call.pick.random() < 0.35:
            wrong = call.free(call.service)
            asked = call.fill(parts.BOOKINGS, when=call.when(wrong))
            asked += " " + call.fill(parts.CORRECTIONS, when=call.when(start))
        call.user(call.hello(), asked)
    else:
        call.user(call.hello(), call.fill(parts.BOOKINGS_WITHOUT_TIME))
        call.agent("Sure. What day works for you?")
        day = call.day(start)
        call.user(f"{day[0].upper()}{day[1:]}.")
        call.agent("And what time?")
        call.user(f"{call.pick.choice(parts.time_forms(start))}.")
    call.asked_aside()
    call.names_itself()
    told = call.pick.random()
    if told < 0.15:  # the agent reads back another time, the caller puts it right
        call.agent(f"So a {call.service}, {parts.spoken(call.free(call.service))}?")
        call.user(call.fill(parts.CORRECTIONS, when=call.when(start)))
    elif told < 0.6:
        call.agent(f"Just to confirm: {call.service}, {parts.spoken(start)}, for {call.name}?")
        call.user(call.pick.choice(parts.YESES))
    call.agent(f"You're booked for {parts.spoken(start)}.")
    call.ends()
    call.expect.append(
        {
            "tool": "book_appointment",
            "service": call.service,
            "start": f"{start:%Y-%m-%dT%H:%M}",
            "name": call.name,
        }
    )


def move(call: Call) -> None:
    old, new = call.has(call.service), call.free(call.service)
    words = {
        "old": call.when(old, on=False),
        "old_when": call.when(old),
        "new": call.when(new, on=False),
    }
    call.user(call.hello(), call.fill(parts.MOVES, **words))
    call.names_itself()
    call.asked_aside()
    if call.pick.random() < 0.5:
        call.agent(f"So from {parts.spoken(old)} to {parts.spoken(new)}?")
        call.user(call.pick.choice(parts.YESES))
    call.agent("It's moved.")
    call.ends()
    call.expect.append(
        {
            "tool": "reschedule_appointment",
            "from": f"{old:%Y-%m-%dT%H:%M}",
            "start": f"{new:%Y-%m-%dT%H:%M}",
        }
    )


def cancel(call: Call) -> None:
    old = call.has(call.service)
    if call.pick.random() < 0.3:
        call.has(call.pick.choice([name for name in parts.SERVICES if name != call.service]))
    call.user(call.hello(), call.fill(parts.CANCELLATIONS, old_when=call.when(old)))
    call.names_itself()
    call.asked_aside()
    if call.pick.random() < 0.5:
        call.agent(f"Your {call.service} on {parts.spoken(old)}, shall I cancel it?")
        call.user(call.pick.choice(parts.YESES))
    call.agent("It's cancelled.")
    call.ends()
    call.expect.append({"tool": "cancel_appointment", "start": f"{old:%Y-%m-%dT%H:%M}"})


def withdrawn(call: Call) -> None:
    """A booking asked for and taken back, at once or at the read-back; what there was stays."""
    if call.pick.random() < 0.6:
        call.has(call.pick.choice(list(parts.SERVICES)))
    start = call.free(call.service)
    asked = call.fill(parts.BOOKINGS, when=call.when(start))
    back = call.pick.choice(parts.WITHDRAWALS)
    if call.pick.random() < 0.4:
        call.user(call.hello(), asked, back)
    else:
        call.user(call.hello(), asked)
        call.names_itself()
        call.agent(f"Just to confirm: {call.service}, {parts.spoken(start)}, for {call.name}?")
        call.user(back)
    call.agent("No problem at all.")
    call.ends()


def nothing_asked(wordings: tuple[str, ...], answer: str) -> Callable[[Call], None]:
    """Calls that speak of appointments and days but ask for none."""

    def course(call: Call) -> None:
        old, other = call.has(call.service), call.free(call.service)
        told = call.fill(
            wordings,
            when=call.when(other),
            new=call.when(other, on=False),
            old_when=call.when(old),
            relative=call.pick.choice(parts.RELATIVES),
        )
        call.user(call.hello(), told)
        call.asked_aside()
        call.agent(answer.format(time=parts.spoken(other)))
        call.user(call.pick.choice(parts.LEAVING))

    return course


def refused(call: Call) -> None:
    call.user(call.hello(), call.fill(parts.BOOKINGS_WITHOUT_TIME))
    for _ in range(call.pick.randrange(1, 4)):
        call.agent(f"I have {parts.spoken(call.free(call.service))}. Would that work?")
        call.user(call.pick.choice(parts.REFUSALS))
    call.agent("Then please call again whenever you like.")
    call.user(call.pick.choice(parts.LEAVING))


def closed(call: Call) -> None:
    """A day is asked for on which nobody is there."""
    today = call.started.date()
    days = [today + timedelta(days=distance) for distance in range(1, 40)]
    shut = [day for day in days if not parts.starts(day, call.service)]
    start = datetime.combine(call.pick.choice(shut), time(call.pick.randrange(9, 12)))
    call.user(call.hello(), call.fill(parts.BOOKINGS, when=call.when(start)))
    call.agent("We're closed on that day, I'm afraid. Would another day work?")
    call.user(call.pick.choice(parts.LEAVING))


KINDS: dict[str, tuple[int, Callable[[Call], None]]] = {
    "book": (18, book),
    "move": (11, move),
    "cancel": (11, cancel),
    "withdrawn": (20, withdrawn),
    "conditional": (10, nothing_asked(parts.CONDITIONS, "{time} is free at the moment.")),
    "question": (10, nothing_asked(parts.QUESTIONS, "{time} would be possible.")),
    "told_of_somebody_else": (8, nothing_asked(parts.TOLD, "Yes, that's all on our web page.")),
    "negated": (6, nothing_asked(parts.NEGATIONS, "Everything is as it was.")),
    "refused_offer": (6, refused),
    "closed_day": (4, closed),
}


def calls(seed: int, count: int) -> Iterator[dict[str, Any]]:
    pick = random.Random(seed)
    kinds = list(KINDS)
    weights = [weight for weight, _ in KINDS.values()]
    told: set[str] = set()
    while len(told) < count:
        kind = pick.choices(kinds, weights)[0]
        call = Call(pick)
        KINDS[kind][1](call)
        words = "\n".join(entry["content"] for entry in call.transcript)
        if words in told:
            continue
        told.add(words)
        yield {
            "id": f"gen-{seed}-{len(told):05d}",
            "kind": kind,
            "started_at": call.started.replace(tzinfo=ZONE).isoformat(),
            "from_number": call.number,
            "direction": "inbound",
            "before": call.before,
            "transcript": call.transcript,
            "expect": call.expect,
            "why": f"put together as {kind}",
        }
