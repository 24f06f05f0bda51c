"""The words that carry an intent: what is done (acts) and to what (objects)."""

from __future__ import annotations

from app.core.language.text import vocabulary

DAY_NAMES = frozenset(
    vocabulary(
        "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays "
        "thursdays fridays saturdays sundays mon tue tues wed thu thurs fri sat sun"
    )
)
MONTH_NAMES = frozenset(
    vocabulary(
        "january february march april june july august september october november december jan feb "
        "mar apr jun jul aug sep sept oct nov dec"
    )
)
NUMBER_WORDS = frozenset(
    vocabulary(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty thirty forty fifty hundred"
    )
)
ORDINAL_WORDS = frozenset(
    vocabulary(
        "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
        "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
    )
)
FILLERS = frozenset(vocabulary("please um uh er erm hmm kindly just like-um"))
"""Words that never count."""


def _classes(**words: str) -> dict[str, str]:
    return {word: name for name, listed in words.items() for word in listed.split()}


ACTS = _classes(
    cancel=(
        "cancel cancels cancelling canceling cancellation cancelation delete deleting remove "
        "removing erase unbook unreserve unschedule disregard clear empty scrap drop abandon "
        "scratch void withdraw release rid"
    ),
    cancelled="cancelled canceled deleted removed erased cleared dropped",
    move=(
        "reschedule rescheduling move moving change changing changes shift postpone postponing "
        "push delay swap switch modify modifying modification amend amending alter rebook adjust "
        "bump extend update updating edit upgrade"
    ),
    moved="rescheduled moved changed shifted postponed pushed switched amended updated modified",
    book=(
        "book booking schedule scheduling reserve arrange make making set create add put plan "
        "pencil get organize organise insert mark enter rez"
    ),
    booked="booked scheduled reserved arranged made created added planned",
    ask=("check show tell see list view look find confirm verify display know read pull remind"),
    free="free available availability availabilities openings opening open slots vacant busy",
)
"""Word -> what it does to an object; the past forms are classes of their own."""

LEMMAS = {"cancelled": "cancel", "moved": "move", "booked": "book"}
"""The classes of the past forms -> those of the acts."""

REFUSABLE = {
    "cancel": "cancel_meeting",
    "cancelled": "cancel_meeting",
    "move": "reschedule_meeting",
    "moved": "reschedule_meeting",
    "book": "schedule_meeting",
    "booked": "schedule_meeting",
}
"""The acts that a "not" takes back, and the intents they stand for."""

PLAIN_ACTS = frozenset(
    vocabulary(
        "cancel delete remove erase move reschedule change shift postpone push switch modify amend "
        "rebook book schedule reserve keep"
    )
)
"""Acts that say by themselves what is wanted, also without an object."""

OBJECTS = _classes(
    visit=(
        "appointment appointments appt appts appointmnt meeting meetings meetup reservation "
        "reservations reservtion visit visits consultation checkup checkups session sessions slot "
        "slots booking bookings reserved rez cleaning haircut trim filling exam physical viewing "
        "interview canal crown implant extraction whitening consult fitting manicure pedicure "
        "facial vaccination treatment demo shot braces mine"
    ),
    diary="calendar calender schedule agenda event events diary itinerary",
    table="table tables dinner lunch brunch breakfast restaurant restaurants bistro",
    doctor=(
        "dentist doctor doctors dr stylist salon hairdresser hairstylist dermatologist "
        "gynecologist ophthalmologist physician therapist practitioner pediatrician barber gp spa "
        "massage clinic hygienist optometrist chiropractor vet orthodontist"
    ),
    other=(
        "alarm alarms reminder reminders flight flights taxi uber cab lyft car rental hotel hotels "
        "room rooms suite list lists card cards account order orders ticket tickets train bus "
        "movie movies song songs playlist timer message email mail transfer payment money bill "
        "subscription insurance pto vacation pizza food weather traffic direction directions news "
        "stock recipe light lights volume password address pin"
    ),
    time="day date time spot place something anything",
)
"""Word -> the kind of object it names."""

DETERMINERS = {
    word: word
    for word in vocabulary("my the our a any another this that no your some his her their")
} | {"an": "a"}
NEGATIONS = frozenset(("not", "never", "without", "nor", "refuse", "unable", "decline", "avoid"))
CLAUSE_STARTS = frozenset(vocabulary("but so instead because since and then rather"))
"""Words that end the reach of a negation."""
NEGATION_REACH = 8
"""A negation reaches so many words ahead."""
