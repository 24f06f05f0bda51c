"""What callers say, as patterns: one table for acts, one for questions, one for languages."""

from __future__ import annotations

import re

from app.core.language.intent import engine as intents


def words(*patterns: str) -> re.Pattern[str]:
    """Any of the patterns, at word boundaries."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def opening(fillers: str, *patterns: str) -> re.Pattern[str]:
    """One of the patterns at the start, behind any of the filler words."""
    return re.compile(rf"\W*(?:(?:{fillers})\W+)*(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


_PEOPLE = (
    "(?:human(?: being)?|person|people|somebody|someone|agent|operator|representative|staff"
    "|receptionist|manager|doctor|dentist|nurse|colleague|supervisor|front (?:desk|office))"
)
_DAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"

#: Acts of a caller beside yes, no and taking back. An utterance may have several.
ACTS = {
    "bye": words(
        "good ?bye|bye(?: bye)?",
        "see (?:you|ya)",
        "have a (?:good|nice|great) \\w+",
        "talk to you later",
        "that(?:'s| is| was| will be|'ll be|'d be| would be) (?:all|everything)",
        "that(?:'s| is| will be) it for (?:now|today|me)",
        "nothing else",
        "hang up",
        "(?:i'?m|we'?re|i am|we are) (?:all set|done|all good)",
    ),
    "wrong_number": words(
        "wrong number", "(?:dialed|dialled|called|have) the wrong", "misdialed|misdialled"
    ),
    "thanks": words("thanks?", "thank you", "appreciate it"),
    "hello": re.compile(
        r"\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day))(?: there)?\W*", re.IGNORECASE
    ),
    "person": words(
        "(?:speak|talk|connect|transfer|put|get|give|let me have)(?: me)?(?: through)?"
        f" (?:(?:to|with) )?(?:(?:a|an|the|some|your|real|actual|live|other|human) )*{_PEOPLE}",
        "(?:want|need|rather have|prefer) (?:a|an|some) (?:(?:real|actual|live) )*"
        "(?:human(?: being)?|person|operator|representative)",
        "(?:transfer|connect) (?:me|my call|the call)",
        "operator",
    ),
    "human": words("(?:real|actual|live) (?:human|person|agent)", "human being"),
    "urgent": words(
        "emergency",
        "bleed(?:s|ing)?",
        "swollen|swelling",
        "can'?t breathe|trouble breathing",
        "knocked out|broken jaw",
        "(?:severe|terrible|unbearable|awful|horrible|so much|a lot of|extreme) pain",
    ),
    "complaint": words(
        "complain(?:t|ts|ing)?",
        "ridiculous|unacceptable|outrageous|disgusting|useless|incompetent|terrible service",
        "nobody (?:ever )?(?:answers|picks up|calls back)",
        "(?:fed up|sick and tired|waste of (?:my )?time|hopeless)",
        "idiots?|stupid|damn|hell|fuck\\w*|shit\\w*|bullshit|screw you|shut up",
    ),
    "office": words(
        "(?:leave|take|pass on) (?:a|the|me a) message|have (?:him|her|them) call me",
        "hiring|job (?:opening|application)s?|apply for|vacanc(?:y|ies)|resume",
        "bill(?:ing)?|invoices?|refund|receipt|statement|payment plan|overcharged",
        "prescriptions?|refill|test results|x-?rays?|(?:medical|dental|my) records|referral",
        "lost and found|left my \\w+",
        "warranty|business listing|special offer|survey|sponsor\\w*|marketing|sell you",
    ),
    "medical": words(
        "(?:should|can|may) i (?:take|use|eat|drink|brush|stop)",
        "what (?:should|can) i (?:take|do) (?:for|about)",
        "ibuprofen|aspirin|antibiotics?|painkillers?|tylenol",
        "is it (?:normal|dangerous|serious|infected)",
    ),
    "late": words("running late", "(?:be|am|i'm) (?:\\w+ )?late", "stuck in traffic"),
    "any": words(
        "any (?:of (?:them|those|these)|time|day|one)",
        "either(?: one)?",
        "whatever|whichever",
        "don'?t (?:care|mind)",
        "no preference",
        "doesn'?t matter",
        "as soon as possible|soonest|earliest|(?:next|first) available",
    ),
    "others": words(
        "other|another|different|else|later|earlier",
        "none of (?:them|those|these)|neither",
        "more (?:times|options)",
    ),
    "unsure": words(
        "(?:i )?(?:don'?t|do not) know", "not sure", "no idea", "(?:hm+|u+h+|u+m+|er+)", "dunno"
    ),
    "aches": words(
        "\\w+ache", "hurts?", "(?:is|has been|been) hurting", "sore", "(?:my|a) tooth", "in pain"
    ),
    "refuses": words(
        "(?:does not|doesn'?t|won'?t|will not|can'?t|cannot|don'?t) (?:work|do|make it|like)",
        "(?:is|are) (?:bad|no good|too \\w+)",
        f"not (?:{_DAY}|that day|then|good)",
    ),
    "changes": words("make it|instead|rather|change it|actually|switch|move it|after all"),
    "again": words(
        "say (?:that|it) again",
        "repeat (?:that|it)",
        "come again",
        "pardon",
        "what did you say",
        "(?:didn'?t|did not) (?:catch|hear|get) (?:that|you)",
        "what were (?:they|those|the (?:times|options))",
    ),
    "books_it": words(
        "(?:book|take|schedule|reserve|confirm|do) (?:it|that|this)(?: (?:one|please|then|now))?"
    ),
    "all": words("all of (?:it|them)|everything|(?:them )?both|the whole thing|it all"),
    "deaf": re.compile(
        r"\W*(?:\((?:unintelligible|inaudible)[^)]*\)|\[(?:inaudible|noise)[^\]]*\])?\W*",
        re.IGNORECASE,
    ),
    "silent": re.compile(r"\(silence\)"),
}
#: Acts that the whole utterance must be.
WHOLE = frozenset(("hello", "deaf", "silent"))

#: Questions about the business and the agent, most particular first.
QUESTIONS = {
    "language": words(
        "(?:do you|does (?:any|some)(?:one|body)|can you|anyone) speak \\w+",
        "in (?:spanish|german|french|chinese|mandarin|italian|portuguese|russian|vietnamese)",
    ),
    "who": words(
        "who (?:are you|is this|am i (?:talking|speaking))",
        "are you (?:an? )?(?:\\w+ )?(?:real|human|robot|bot|machine|person|ai|a\\.i\\.|computer"
        "|recording|chat ?gpt|alive)",
        "is (?:this|that|it) (?:an? )?(?:robot|bot|recording|machine|real (?:person|human)|ai"
        "|a\\.i\\.|computer|human)",
        "(?:talking|speaking|talk|speak) (?:to|with) an? (?:\\w+ )?"
        "(?:robot|bot|machine|computer|ai|recording)",
        "(?:am i|are we) (?:talking|speaking) (?:to|with) (?:an? )?(?:real |actual |live )?"
        "(?:human|person)(?: being)?",
        "what are you",
        "what(?:'s| is) your name",
        "which model",
    ),
    "why_name": words("why (?:do|would) you (?:need|want)", "what do you need (?:it|that|my)"),
    "mine": words(
        "when(?:'s| is| was) my (?:\\w+ )?(?:appointment|booking|visit)",
        "what (?:time|day) (?:is|was) my (?:\\w+ )?(?:appointment|booking|visit)",
        "when (?:am i|was i) (?:booked|coming in)",
        "(?:confirm|check(?: on)?|look up|verify|remind me of) my (?:\\w+ )?"
        "(?:appointment|booking|visit)",
        "do i have (?:an|any) (?:appointment|booking)s?",
    ),
    "hours": words(
        "(?:what are )?your (?:\\w+ )?hours",
        "(?:opening|business|office|holiday|weekend) hours",
        "(?:when|what time|how late|how early) (?:are you|do you|will you be|you)"
        " (?:guys )?(?:open|close|closed)",
        "(?:are|will) you (?:guys )?(?:be )?(?:open|closed)",
        "(?:do|when do) you (?:open|close)",
        "how late are you",
        "what (?:days|hours) are you",
    ),
    "parking": words("parking", "(?:where|can i) (?:can i )?park"),
    "insurance": words(
        "insurances?", "medicaid|medicare", "(?:delta dental|cigna|aetna|metlife)", "in[- ]network"
    ),
    "payment": words("credit cards?", "(?:take|accept) cash", "how (?:can|do) i pay"),
    "where": words(
        "where (?:are you|is your|exactly are you|do i (?:go|come))",
        "(?:your|the) (?:\\w+ )?address",
        "your location",
        "how do i get there",
        "directions",
    ),
    "price": words(
        "how much",
        "what (?:does|do|would|will|is|are) [^?.]{0,30} (?:cost|price)s?",
        "what do you charge",
        "(?:your )?(?:prices?|pricing|rates|fees?)",
        "(?:is|are) (?:\\w+ ){1,3}(?:expensive|free)",
    ),
    "services": words(
        "(?:what|which) (?:kinds? of )?(?:services?|treatments?|appointments?)"
        " (?:do you|are|can you)",
        "what do you (?:offer|do there)",
        "what (?:services|treatments)",
    ),
    "abilities": words(
        "what (?:can|do) you do",
        "how (?:can|does) (?:this|it) work",
        "what are my options",
        "help(?! (?:me|us|with) \\w)",
    ),
    "walk_ins": words("walk[- ]?ins?", "without an appointment"),
    "offers": words("(?:do|can) you (?:guys )?(?:also )?(?:do|offer|provide|have|perform)"),
    "wellbeing": words("how are you(?: doing)?", "how(?:'s| is) it going", "how do you do"),
    "place": words(
        "is (?:this|that) (?!a\\b|an\\b|the right\\b|right\\b|ok\\b|correct\\b|for\\b|free\\b"
        "|your\\b|it\\b|possible\\b|too\\b|good\\b|urgent\\b|recorded\\b)"
        "(?:the )?[\\w']+(?: [\\w']+){0,3}(?=\\?|$)",
        "(?:have i|did i) (?:reach|reached|call|called|get) (?:the )?[\\w']+(?: [\\w']+){0,3}",
    ),
}

#: What a caller wants who names it in so few words that the intent engine abstains.
HINTS = (
    (intents.RESCHEDULE, words("reschedule", "move (?:it|my|the|an)", "change (?:my|the) \\w+")),
    (intents.CANCEL, words("cancel (?:my|the|an|our)", "cancellation")),
    (
        intents.SCHEDULE,
        words(
            "book(?:ing)?",
            "(?:look at|check|fix) (?:it|this|that|my \\w+)",
            "come in",
            "schedule",
            "make an? \\w+",
            "set (?:it |me )?up",
            "(?:need|want|get|have|like|come in for|see) (?:\\w+ ){0,3}appointments?",
            "appointments? (?:please|for)",
        ),
    ),
    (
        intents.QUERY,
        words("availab\\w+", "any(?:thing)? (?:free|open)", "openings?", "(?:what|which) times?"),
    ),
)

ORDINALS = (
    words("first", "1st", "(?:number|option) one", "former"),
    words("second", "2nd", "(?:number|option) two", "middle", "latter"),
    words("third", "3rd", "(?:number|option) three"),
    words("fourth", "4th", "(?:number|option) four"),
)
LAST = words("(?:last|latest|final) (?:one|option|time|slot)")

#: Words that hardly any English sentence has, by language. Two of them, or one and no English.
LANGUAGES = {
    "German": words(
        "ich|bitte|möchte|moechte|guten|termin|sprechen|deutsch|haben sie|danke|nicht|einen?|und"
        "|wann|morgen|können|hallo|für|ist das|wie"
    ),
    "Spanish": words(
        "hola|quisiera|quiero|una?|cita|por favor|habla|español|espanol|buenos|buenas|días|dias"
        "|gracias|para|necesito|usted|puedo|dónde|cuándo|mañana|tardes|con|está"
    ),
    "French": words(
        "bonjour|je|voudrais|rendez-vous|vous|parlez|français|francais|merci|s'il|plaît|pour|est-ce"
        "|une?|avec|le|les|puis"
    ),
    "Italian": words(
        "buongiorno|vorrei|appuntamento|parla|italiano|grazie|per favore|un|prenotare|sono|ciao"
    ),
    "Portuguese": words(
        "olá|bom dia|gostaria|marcar|consulta|fala|português|portugues|obrigad[oa]|uma?|você|não"
    ),
}
ENGLISH = words(
    "the|i|i'm|i'd|you|your|my|is|are|a|an|of|please|yes|no|what|when|can|do|to|for|it|at|hi|hello"
    "|want|need|this|that|and|thanks|okay|ok"
)
#: Two letters of a script that English is not written in.
SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufaff]{2}")
