"""Our own labelled sentences for training, made from templates: what callers of a practice say.

They add what public sets lack (moving appointments, services, refusals); the public sentences
themselves are no part of this program. Deterministic for a given seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from app.core.language.intent.features import normalise
from app.core.language.intent.vocabulary import REFUSABLE
from app.core.language.text import plain, vocabulary

Labelled = tuple[str, str]
"""A sentence and its label: an intent, or one of the names of what is none ("near", ...)."""

_NEW = (
    "an appointment|a meeting|a cleaning|a checkup|a visit|a consultation|a haircut|a table|a slot|"
    "a session|a follow up|an eye exam|a physical|an oil change|a root canal|a filling|a massage|"
    "a booking|a reservation|a time to come in|an appointment with the dentist|a new appointment|"
    "another appointment|a meeting with sam|a demo|a callback|a service visit|an interview|"
    "a crown|an extraction|a consult|a manicure|some whitening|an x ray|a fitting|a flu shot"
)
_MINE = (
    "my appointment|my meeting|my reservation|my booking|the appointment|our reservation|"
    "my cleaning|my checkup|my visit|my haircut|my slot|my table|my three o'clock|our meeting|"
    "my appointment with dr smith|the meeting on friday|my consultation|my session|the booking|"
    "my room booking|my dentist appointment|the reservation|my next appointment|my eye exam|"
    "the appointment i made yesterday|my appointment for tomorrow|my spa booking|my follow up"
)
_WHEN = (
    "|| for tomorrow| on tuesday| next week| on friday at 3| at 2 30| for next thursday morning|"
    " this afternoon| on the 14th| tomorrow at noon| as soon as possible| some time next month|"
    " monday at ten| in the morning| after work| on march 3rd"
)
_TO_WHEN = (
    "| to tomorrow| to tuesday| to next week| to friday at 3| to another day| to a later time|"
    " to the afternoon| to the 14th| to an earlier slot| to some other time| to next month|"
    " from monday to wednesday| until next week| to half past four"
)
_START = (
    "||||i'd like to |i want to |i need to |can i |could i |i have to |i would like to |can you |"
    "could you please |please |hi i need to |hello i'd like to |i was hoping to |can we |"
    "is it possible to |i'm calling to |we need to |would you |i was wondering if i could |"
    "yeah i want to "
)
_OTHER = (
    "flight|taxi|hotel|credit card|subscription|order|alarm|reminder|membership|insurance policy|"
    "train ticket|rental car|newspaper|phone contract|payment|delivery|movie ticket|playlist"
)
_DETAIL = "address|phone number|pin|password|email address|name|seat|order|payment method|plan"

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "schedule_meeting": (
        "{start}book {new}{when}",
        "{start}schedule {new}{when}",
        "{start}make {new}{when}",
        "{start}set up {new}{when}",
        "{start}get {new}{when}",
        "i need {new}{when}",
        "i need {new}{when}",
        "i need {new}{when}",
        "i think i need {new}{when}",
        "my son needs {new}{when}",
        "my daughter needs {new}",
        "i'm due for {new}{when}",
        "we need {new}{when}",
        "i want {new}{when}",
        "i'd like {new}{when} please",
        "why don't you book me in for {new}{when}",
        "why don't we schedule {new}{when}",
        "can't you book {new}{when}",
        "don't forget to book {new}{when}",
        "can i get in to see someone{when}",
        "my back hurts i need to be seen{when}",
        "i want to come in for {new}{when}",
        "i need to see the dentist{when}",
        "i'd like to see the doctor{when}",
        "my tooth hurts can i come in{when}",
        "can you fit me in{when}",
        "can you squeeze me in{when}",
        "put me down for {new}{when}",
        "book me in for {new}{when}",
        "can you get me in to see someone{when}",
        "reserve {new}{when}",
        "yes please book {new}{when}",
        "let's schedule {new}{when}",
        "sign me up for {new}{when}",
        "add {new} to my calendar{when}",
    ),
    "cancel_meeting": (
        "{start}cancel {mine}",
        "{start}cancel {mine}",
        "{start}call off {mine}",
        "{start}delete {mine}",
        "{start}get rid of {mine}",
        "{start}drop {mine}",
        "i can't make it to {mine} please cancel it",
        "i won't be able to make {mine} so please cancel",
        "i'm sick and have to cancel {mine}",
        "i don't need {mine} any more",
        "i no longer need {mine}",
        "we won't need {mine} anymore",
        "take me off the schedule{when}",
        "take {mine} off the calendar",
        "remove {mine} from the calendar",
        "please take {mine} out of the book",
        "something came up and i need to cancel {mine}",
        "i want {mine} cancelled",
        "i need to cancel for tomorrow",
        "i have to cancel on friday i'm sick",
        "can't you just cancel {mine}",
    ),
    "reschedule_meeting": (
        "{start}reschedule {mine}{to}",
        "{start}move {mine}{to}",
        "{start}change {mine}{to}",
        "{start}push {mine} back{to}",
        "{start}postpone {mine}{to}",
        "{start}switch {mine}{to}",
        "{start}shift {mine}{to}",
        "{start}rebook {mine}{to}",
        "{start}modify {mine}",
        "{start}amend {mine}",
        "{start}update {mine}",
        "{start}alter {mine}",
        "{start}change the time of {mine}",
        "{start}change the date of {mine}{to}",
        "{start}find another time for {mine}",
        "{start}bring {mine} forward{to}",
        "i need a different time for {mine}",
        "i have {new} but i need to move it{to}",
        "i can't make {mine} can we move it{to}",
        "i won't make it on monday can we reschedule{to}",
        "don't cancel {mine} just move it{to}",
        "i need to make a change to {mine}",
        "add two more people to {mine}",
        "can we do {mine}{when} instead",
        "why don't we move {mine}{to}",
        "can't you move {mine}{to}",
    ),
    "query_availability": (
        "what times do you have{when}",
        "do you have anything open{when}",
        "do you have any openings{when}",
        "are there any free slots{when}",
        "what's available{when}",
        "what is your availability{when}",
        "when are you free{when}",
        "is dr smith available{when}",
        "when is {mine}",
        "what time is {mine}",
        "do i have {new}{when}",
        "can you check {mine}",
        "can you confirm {mine}",
        "am i free{when}",
        "what does my schedule look like{when}",
        "when could i come in{when}",
        "when is the next available appointment",
        "which days do you have free",
        "tell me what is on my calendar{when}",
        "is {mine} still on",
        "did you cancel {mine}",
        "was {mine} cancelled",
        "has {mine} been moved",
        "did you move {mine}",
    ),
    "near": (
        "{start}cancel my {other}",
        "{start}book a {other}{when}",
        "{start}change my {detail}",
        "{start}update my {detail}",
        "{start}move my money{to}",
        "{start}move some money to savings",
        "{start}make a payment{when}",
        "{start}make a call",
        "{start}set an alarm{when}",
        "{start}reserve a car{when}",
        "{start}add milk to my list",
        "{start}delete my {other}",
        "{start}check my {other}",
        "is my {other} on time",
        "{start}reschedule my {other}",
    ),
    "oos": (
        "what are your opening hours",
        "what time do you close today",
        "how much is {new}",
        "how much does {new} cost",
        "where are you located",
        "do you take my insurance",
        "what is your cancellation policy",
        "is there a fee if i cancel {mine}",
        "what happens if i miss {mine}",
        "can i speak to a human",
        "i have a question about my bill",
        "why was {mine} cancelled",
        "why did you cancel {mine}",
        "how long does {new} take",
        "what should i bring to {mine}",
        "do you have parking",
    ),
    "statement": (
        "i have {new}{when}",
        "i'm calling about {mine}",
        "it's about {mine}",
        "i booked {new} yesterday",
        "i already have {new}{when}",
        "i made {new} last week",
        "my appointment is{when}",
        "i already cancelled {mine}",
        "i had {new}{when}",
        "i can't make {mine}",
        "i can't make it to {mine}",
        "i won't be able to make {mine}",
        "i might be late for {mine}",
        "i'm running late for {mine}",
        "i missed {mine}",
    ),
    "generic_cancel": ("cancel", "cancel that", "stop", "cancel it", "never mind", "forget it"),
    "smalltalk": (
        "yes that works",
        "that works for me",
        "sounds good{when}",
        "thank you for booking {new}",
        "thanks for moving {mine}",
        "yes the appointment is right",
        "my name is ana",
        "can you repeat that",
    ),
}

_REFUSALS = (
    "i don't want to {verb}",
    "don't {verb}",
    "please don't {verb}",
    "please do not {verb}",
    "do not {verb}",
    "i do not want to {verb}",
    "i can't {verb} right now",
    "i cannot {verb} today",
    "no need to {verb}",
    "there's no need to {verb}",
    "you don't need to {verb}",
    "you don't have to {verb}",
    "i don't need to {verb}",
    "i'm not going to {verb}",
    "i won't {verb}",
    "i would not like to {verb}",
    "i'd rather not {verb}",
    "i no longer want to {verb}",
    "i don't want you to {verb}",
    "i never said to {verb}",
    "i'm not ready to {verb}",
    "i didn't ask you to {verb}",
    "actually don't {verb}",
    "no don't {verb}",
    "i decided not to {verb}",
    "i'm not looking to {verb}",
    "i'm not trying to {verb}",
    "i don't think i want to {verb}",
    "it's not necessary to {verb}",
)
_OPENINGS = vocabulary(
    "can you please,could you please,would you please,will you please,can you,could you,would you,"
    "will you,can i,could i,may i,i would like you to,i would like to,i'd like to,i want you to,"
    "i want to,i need you to,i need to,i have to,i'd love to,please,let's,lets,help me,we need to,"
    "i wish to,i am trying to,i'm trying to,try to,yes,okay,ok,great,sure,i will,go ahead and,and,"
    "i was hoping to,is it possible to,go,kindly,hey,hi,hello,also,then,now,just",
    ",",
)


def make(per_template: int, seed: int) -> list[Labelled]:
    """Sentences of all labels, and refusals of what the templates ask for (label "negation")."""
    rng = random.Random(seed)
    fields = {
        "start": _START.split("|"),
        "new": _NEW.split("|"),
        "mine": _MINE.split("|"),
        "when": _WHEN.split("|"),
        "to": _TO_WHEN.split("|"),
        "other": _OTHER.split("|"),
        "detail": _DETAIL.split("|"),
    }
    made: dict[Labelled, None] = {}
    for label, templates in _TEMPLATES.items():
        for template in templates:
            for _ in range(per_template):
                filled = template.format(**{key: rng.choice(of) for key, of in fields.items()})
                made[filled, label] = None
    for text in list(refusals((text for text, label in made if label in REFUSABLE.values()), seed)):
        made[text, "negation"] = None
    return list(made)


def refusals(requests: Iterator[str], seed: int) -> Iterator[str]:
    """Refusals of requests: "can you book a table" -> "i don't want to book a table"."""
    rng = random.Random(seed)
    for request in requests:
        verb = verb_phrase(request)
        if verb:
            yield rng.choice(_REFUSALS).format(verb=verb)


def verb_phrase(request: str) -> str | None:
    """The request without its opening, if it then begins with an act in its base form."""
    text = " ".join(plain(request).replace(",", " ").split()).rstrip(".?! ")
    text = text.rsplit(". ", 1)[-1]
    stripped = True
    while stripped:
        stripped = False
        for opening in _OPENINGS:
            if text.startswith(opening + " "):
                text, stripped = text[len(opening) + 1 :], True
                break
    words = normalise(text)
    return text if words and words[0] in _BASE_FORMS and len(words) > 1 else None


_BASE_FORMS = frozenset(
    vocabulary(
        "book schedule reserve make set arrange add put create get plan cancel delete remove erase "
        "clear drop move change reschedule postpone push shift switch modify amend update call take"
    )
)
