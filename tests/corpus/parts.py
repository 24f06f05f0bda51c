"""What generated calls are put together from: wordings with {service}, {when} and so on to be
filled in, the calendar, and the ways to say a day and a time. What stands under REMARKS and ANSWERS
asks for nothing."""

from datetime import date, datetime, time, timedelta

SERVICES = {
    "checkup": ("checkup", "check-up", "dental exam"),
    "cleaning": ("cleaning", "teeth cleaning", "dental cleaning"),
    "filling": ("filling",),
    "consultation": ("consultation", "consult"),
}
MINUTES = {"checkup": 30, "cleaning": 70, "filling": 60, "consultation": 30}

FIRST_NAMES = (
    "Dana Marcus Priya Tom Luis Helen Andrzej Jerome Sofia Gwen Carla Victor Beatriz Nathan Rosa "
    "Gabriel Ingrid Noor Owen Tamika Charlotte Harold Miriam Teresa Kayla Dmitri Anjali Seamus "
    "Will April May June Grace Mark Bill Hope Friday Summer Siobhán José Zeynep Łukasz Ngozi "
    "Anne-Marie Jean-Luc Yuki Fatima Björn"
).split()
LAST_NAMES = (
    "Reyes,Bell,Raman,Okada,Ferreira,Papadakis,Wilk,Baptiste,Lindqvist,Abernathy,Jennings,Stein,"
    "Campos,Oduya,Delgado,Stone,Halvorsen,Haddad,Castellano,Rowe,Dubois,Finch,Goldfarb,Quintero,"
    "Brooks,Sokolov,Deshpande,Doyle,Smith,Jones,O'Brien,de la Cruz,van der Berg,Okafor,Nguyen,"
    "McTavish,Al-Sayed,Smith-Jones,Müller,Tanaka"
).split(",")

GREETINGS = (
    "Thank you for calling Harbor Dental, this is Mia. How can I help you today?",
    "Harbor Dental, this is Mia speaking. What can I do for you?",
    "Hi, thanks for calling Harbor Dental, Mia here. How may I help?",
)
HELLOS = ("Hi.", "Hello there.", "Good morning.", "Yeah, hi.", "Hey, um, hi.", "Hello, uh,", "")
GOODBYES = (
    "Thanks, bye.",
    "Great, thank you.",
    "That's all, thanks.",
    "Perfect.",
    "Okay, bye now.",
)
YESES = ("Yes, please.", "Yes, that's right.", "Yep.", "Correct.", "That's right, thanks.", "Sure.")
NAMINGS = (
    "It's {name}.",
    "{name}.",
    "My name is {name}.",
    "Sure, it's {name}.",
    "Um, {name}.",
    "First name {first}, last name {last}.",
    "This is {name}.",
    "Last name {last}, first name {first}.",
)

BOOKINGS = (
    "I'd like to book a {service} {when}, please.",
    "Could you put me down for a {service} {when}?",
    "I need a {service}. {When} would be great.",
    "Can I schedule a {service} {when}?",
    "I want to make an appointment for a {service} {when}.",
    "Please book me a {service} {when}.",
    "I was hoping to come in {when} for a {service}, if you can fit me in.",
    "Would you be so kind and book me in for a {service} {when}?",
)
BOOKINGS_WITHOUT_TIME = (
    "I'd like to book a {service}.",
    "I need an appointment for a {service}, please.",
    "Can I set up a {service} with you?",
    "I want to come in for a {service}.",
)
MOVES = (
    "I need to move my {service} from {old} to {new}.",
    "Could you move my {service} to {new}?",
    "I'd like to reschedule my {service} to {new}, please.",
    "I can't make my {service} {old_when}. Please move it to {new}.",
    "Can we change my {service} from {old} to {new}?",
    "Please push my {service} to {new}.",
)
CANCELLATIONS = (
    "I need to cancel my {service} {old_when}.",
    "Please cancel my {service}.",
    "I'd like to cancel my {service} {old_when}, please. I don't need another one.",
    "Could you cancel my {service} for me?",
    "I have to cancel the {service} {old_when}, I'm afraid.",
)
CORRECTIONS = ("No, sorry, {when}.", "Wait, I mean {when}.", "Actually, make that {when}.",
               "Uh, no, {when}. I looked at the wrong week.", "Or rather, {when}.")  # fmt: skip

WITHDRAWALS = (
    "Actually, cancel that.",
    "You know what, never mind.",
    "Oh, wait, let me ask my wife first.",
    "Hmm, hold off on that. I'll call you back.",
    "Scratch that, I'm not sure I can make it.",
    "Oh, forget it. I'll try again next month.",
    "On second thought, don't. I have to check with work.",
    "No, leave it for now, I want to think about it.",
    "Sorry, I don't want it any more.",
    "Let's not do that yet. I'll get back to you.",
)
REMARKS = (
    "My {relative} comes in {when}, by the way.",
    "My {relative} cancelled an appointment with you last month.",
    "I have to pick up my {relative} {when}.",
    "My {relative} booked something {when} at another place.",
    "By the way, you were closed when I drove past on Sunday.",
    "I fly out {when}, so I'm a bit stressed.",
    "My {relative} said you're very gentle.",
    "I might need something else in the spring, we'll see.",
    "There was a message that said press 1 to cancel, I didn't press anything.",
)
RELATIVES = ("wife", "husband", "son", "daughter", "neighbor", "boss", "sister", "roommate")
ANSWERS = (
    ("And your date of birth?", "{Month} {ordinal}, nineteen {tens}."),
    ("How many teeth does it concern?", "{Number}. Maybe {other}."),
    ("What is your member number?", "{Number} {other} {number} zero {other}."),
    ("What is your address?", "{Number} ten Main Street, apartment {other}."),
    ("How bad is it, on a scale of one to ten?", "I'd say {number}, at night {other}."),
    ("How old are you?", "{Tens}, in {Month}."),
    ("When was your last visit?", "Last {Month}, on the {ordinal}, at {number}."),
    ("How did you hear about us?", "On the radio, {number} or {other} weeks ago."),
    ("How many people are in your household?", "{Number}, {other} on weekends."),
)
CONDITIONS = (
    "If my boss lets me, I'd take a {service} {when}.",
    "I might come in {when} for a {service}, it depends on the kids.",
    "I'd do a {service} {when}, but only if the insurance pays for it.",
    "Maybe a {service} {when}, once I know if I have a ride.",
    "Supposing I wanted a {service} {when}, would that be possible? I'd have to check first.",
)
QUESTIONS = (
    "Do you have anything {when} for a {service}?",
    "Is there something free {when}? It would be for a {service}.",
    "I was just wondering if you do a {service} {when}.",
    "How much would a {service} {when} be?",
    "If I came {when} for a {service}, how long would I be there?",
)
TOLD = (
    "My {relative} booked a {service} {when}. Where can we park?",
    "You told my {relative} to come {when} for a {service}. Is there a garage?",
    "My {relative} moved a {service} to {new}. Do you take cards?",
    "My {relative} cancelled a {service}, the one {when}. Was there a fee?",
    "My {relative} wants a {service} {when} but will call you in person. Is there a ramp?",
)
NEGATIONS = (
    "I don't want to cancel my {service}, I only want to know when it is.",
    "I'm not calling to move my {service}. Is it still {old_when}?",
    "I got a text about cancelling my {service}, but I never cancelled it. Is it still there?",
    "Please don't change my {service} {old_when}. I only need your address.",
)
LEAVING = ("Okay, thanks, bye.", "Good to know, thank you.", "Let me check and call you back.",
           "Thanks, that's all I wanted to know.", "Okay, I'll think about it.")  # fmt: skip
REFUSALS = ("No, that doesn't work for me.", "Hmm, no. That's no good.", "No, I can't then.",
            "I'm afraid that won't be possible.", "Nah, too far off.")  # fmt: skip

CLOSED = {date(2026, 11, 26), date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1)}
HOURS = {
    0: ((8, 12), (13, 17)),
    1: ((8, 12), (13, 17)),
    2: ((8, 12), (13, 19)),
    3: ((8, 12), (13, 17)),
    4: ((8, 14),),
}
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
    "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
    "twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
TENS = ("fifty", "sixty-two", "seventy-five", "eighty-one", "ninety", "ninety-nine")


def starts(day: date, service: str) -> list[datetime]:
    """Every half hour of the day at which the service fits into the opening hours."""
    if day in CLOSED:
        return []
    found = []
    for opens, closes in HOURS.get(day.weekday(), ()):
        start = datetime.combine(day, time(opens))
        while start + timedelta(minutes=MINUTES[service]) <= datetime.combine(day, time(closes)):
            found.append(start)
            start += timedelta(minutes=30)
    return found


def ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def day_forms(day: date, today: date) -> list[str]:
    """Ways to say the day that mean this day and no other one to who hears them today."""
    distance = (day - today).days
    forms = [
        f"{day:%B} {ordinal(day.day)}",
        f"the {ordinal(day.day)} of {day:%B}",
        f"{day:%A}, {day:%B} {ordinal(day.day)}",
        f"{day:%A} the {ordinal(day.day)} of {day:%B}",
    ]
    if distance < 28:
        forms += [
            f"the {ordinal(day.day)}",
            f"the {ORDINALS[day.day - 1]}",
            f"{day:%A} the {ordinal(day.day)}",
        ]
    if 2 <= distance <= 6:
        forms += [f"{day:%A}"] * 3
    if distance == 1:
        forms += ["tomorrow"] * 3
    if distance == 2:
        forms += ["the day after tomorrow"]
    return forms


def time_forms(start: datetime) -> list[str]:
    hour = (start.hour - 1) % 12 + 1
    half = "am" if start.hour < 12 else "pm"
    part = "in the morning" if half == "am" else "in the afternoon"
    word = NUMBERS[hour]
    if start.minute:
        forms = [f"{hour}:30", f"{hour}:30 {half}", f"{word} thirty", f"half past {word}"]
        return [*forms, f"{word} thirty {part}"] if start.hour < 17 else forms
    if start.hour == 12:
        return ["noon", "twelve", "12 pm"]
    forms = [f"{word}", f"{word} o'clock", f"{hour} {half}", f"{hour}:00"]
    return [*forms, f"{word} {part}"] if start.hour < 17 else forms


def spoken(start: datetime) -> str:
    """As the agent reads a time back."""
    hour = (start.hour - 1) % 12 + 1
    minute = ":30" if start.minute else ""
    half = "AM" if start.hour < 12 else "PM"
    return f"{start:%A}, {start:%B} {ordinal(start.day)} at {hour}{minute} {half}"
