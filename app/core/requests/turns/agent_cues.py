"""The words by which the agent asks, offers, reads back, reports or refuses.

Matched against plain text: lower case, short forms as they are said.
"""

from __future__ import annotations

import re

OTHER_THINGS = re.compile(
    r"\b(?:birth|born|birthday|dob|how (?:many|much|old|often|long|bad|did|is|are)|since when"
    r"|number|zip|address|insur\w*|member|plan|charge[ds]?|digits|dose|last "
    r"(?:cleaning|visit|time)"
    r"|what time (?:do|does|did|will) (?:you|he|she|they|it|your \w+) (?!want|prefer|like|need"
    r"|have in mind|wish|come)\w+"
    r"|did|(?:was|were) (?:it|your|the|that|they|made|done|he|she)|scale|tooth"
    r"|teeth|package|coming from|hear about|treated|reason|phone|email"
    r"|e-mail|room|people|persons|attend)\b"
)
NAME = re.compile(
    r"\b(?:name|names|spell|who is (?:it|this|that) for|who's (?:it|this|that) for"
    r"|who am i (?:speaking|talking)|who (?:is|would be) (?:the|this) (?:appointment|visit) for"
    r"|whom? (?:is|should|shall|do|am) .{0,40}(?:for|under)|for whom|who is (?:calling|speaking)"
    r"|who do i have)\b"
)
DAY = re.compile(
    r"\b(?:(?:what|which) (?:day|date|days)"
    r"|what(?:'s| is| are| would be) (?:an? |the |your )?(?:\w+ )?(?:day|date|days|dates)"
    r"|what (?:about|works|would work|suits)"
    r"|when (?:would|do|can|could|should|shall|are|is|were you thinking|works|suits)"
    r"|what would you (?:like|prefer) (?:instead|better)|when(?= ?\?)|(?:day|date) (?:works"
    r"|suits|would|do"
    r"|were|are)|where to|what day and time|what day)\b"
)
TIME = re.compile(
    r"\b(?:(?:what|which) (?:time|hour)|at what time|day and time|morning or (?:the )?afternoon"
    r"|time (?:of (?:the )?day|works|would|do you|suits)|when (?:would|do|can|could) you)\b"
)
SERVICE = re.compile(
    r"\b(?:what (?:is|would|'s)? ?(?:it|this|that) (?:be )?for|what (?:is|are) you coming in for"
    r"|what would you like to (?:come in|book|have|be seen) ?(?:for)?|what for|what's it for"
    r"|(?:what|which) (?:kind|type|sort|service|treatment)|what (?:do|did) you need"
    r"|what can we (?:do|help)|what (?:are|would) you (?:like|need)(?! (?:instead|better))"
    r"|for what)\b"
)
WHICH = re.compile(r"\b(?:which (?:one|of|do|would|shall|appointment)|do you mean|or for)\b")
#: "Which would you like: an x or a y?": asks which of those it lists, none of them arranged.
LISTS = re.compile(
    r"\bwhich (?:one |of (?:these|those|them) )?(?:would|do|shall|should|will|is it|are you)\b"
)
MORE = re.compile(
    r"\b(?:anything else|something else|how (?:can|may|could) (?:i|we) help|what can i do"
    r"|how can i|what else)\b"
)
CONFIRM = re.compile(
    r"\b(?:(?:shall|should|can|may|could) (?:i|we)\b(?! (?:help|ask|have|get you|get your|see"
    r"|know|take (?:your|a)|do for))|(?:is|are) (?:that|this|it|you) (?:all )?"
    r"(?:right|correct|good|ok|okay|fine|alright|sure)|correct|right|alright|okay|ok"
    r"|(?:would|does|will|do)"
    r" (?:that|this|it|one of|either)\b.{0,60}\b(?:work|suit|do|be)|would you like "
    r"(?:it|that|me to|this|one|to (?:book|take|move|cancel|go|schedule|confirm"
    r"|reschedule|have (?:it|that)|keep))"
    r"|(?:does that )?sounds? (?:good|right|okay)|are you sure|just to confirm|to confirm"
    r"|(?:cancel|move|book|change|delete|keep) (?:it|that|them|your|the|this)"
    r"|(?:do )?you want (?:me|to)|want me to|is that what you mean|good|stays|agreed|confirm"
    r"|deal|so you(?:'d| would) (?:like|want))\b"
    r"|^(?:booked|done|sorted|confirmed|agreed|settled)\b"
)
DONE = {
    "cancel": re.compile(
        r"\b(?:cancel+ed|un-?booked|undone|cleared (?:it|that)|removed|deleted|deleting"
        r"|cancel+ing|removing|releasing|released"
        r"|taken (?:\w+ ){0,2}(?:off|out)|called off|is off|off the (?:books|schedule|calendar"
        r"|list)|scratched|struck|scrapped|wiped|crossed (?:\w+ )?(?:off|out)|off (?:it|that|you)"
        r" (?:comes|goes|are|is)|out (?:it|that) (?:comes|goes)|freed up|given up)\b"
    ),
    "move": re.compile(
        r"\b(?:moved|changed|swapped|switched|rescheduled|shifted|rebooked|postponed|pushed"
        r"|bumped|rearranged|transferred|made the (?:change|switch|swap)"
        r"|brought (?:\w+ )?forward|is now (?:on|at|for)"
        r"|instead of \d+)\b"
    ),
    "book": re.compile(
        r"\b(?:booked|scheduled|reserved|you're (?:down|in|confirmed|on)"
        r"|you are (?:down|in|confirmed)|put (?:you|him|her|them) (?:down|in)"
        r"|(?:have|got|have got) (?:you|him|her|them) (?:down|in)|in the (?:book|diary|calendar)"
        r"|(?:is|'s) (?:all )?yours|added|written (?:you )?down|penciled|pencilled|noted down"
        r"|signed up|locked in|in you go|entered|secured)\b"
    ),
    "": re.compile(
        r"\b(?:done|all done|all set|you're set|you are set|got it|gotcha|see you|see "
        r"(?:him|her|them|both)|consider it done|will do|i'll (?:do|get|sort) that"
        r"|take care of (?:that|it)|that's (?:confirmed|fixed"
        r"|settled|arranged)|confirmed|taken care of|sorted|that's you)\b"
    ),
}
GONE = re.compile(
    r"(?:^|, |- )gone\b|\b(?:(?:is|it's|that's|you're|'s|are|consider (?:it|that)"
    r"|comes?) (?:gone|out|off|dropped"
    r"|struck"
    r"|scratched|freed)|dropped|off (?:\w+ )?(?:comes|goes|you are)|call(?:ing)? off|free up"
    r"|let (?:it|that) go|drop(?:ping)? (?:it|that)|strik(?:e|ing) (?:it|that)"
    r"|scratch(?:ing)? (?:it|that)|take (?:\w+ ){1,3}(?:off|out))\b"
)
UNDONE = re.compile(
    r"\b(?:not|won't|can't|cannot|n't|no longer|never|if|once|until|unless|before "
    r"i|be|(?:may|might|could|must|would|should)(?: have been)?) (?:\w+ )?"
    r"(?:cancel+ed|booked|moved|changed|scheduled|done)\b"
)
#: What makes a report none: it stands before the word for what is done, in the same clause.
NEGATES = re.compile(
    r"n't\b|\b(?:not(?! only)|never|nothing|none|nobody|no one|neither|nor|without|unable"
    r"|instead of|yet to|about to"
    r"|no (?:\w+ )?(?:appointment|booking|visit|change|cancellation|slot|one|zz))\b"
)
#: "Not booked any more": a change, and no report of what is still to be done.
NO_MORE = re.compile(r"\b(?:any ?more|any longer|no longer)\b")
REPORT_CLAUSE = re.compile(r"[,;:.!]| - |\b(?:but|so|and|because|since) ")
REFUSES = re.compile(
    r"\b(?:taken(?! (?:care|(?:\w+ ){0,2}(?:off|out)))|full|fully booked|closed|we close|we open"
    r"|not "
    r"(?:open|available|free|possible|at(?! all))"
    r"|isn't (?:open|available|free|possible)|can't|cannot|unable|i'm afraid|i am afraid|passed"
    r"|unfortunately|don't (?:have|see|find)|do not (?:have|see|find)|no openings?"
    r"|nothing (?:is )?"
    r"(?:open|free|available)|only book|has only|we're on a break|is away|no such)\b"
)
LEAVES = re.compile(
    r"\b(?:i(?:'ll| will) leave|leave it|i won't|will not (?:book|move|cancel)|(?:just )?call us"
    r"|(?:just )?call (?:any|again|back|when)|do call|let us know|give us a (?:call|ring)|ring us"
    r"|call you(?: back)?|when you(?:'re| are) ready|we're here|take care"
    r"|pass (?:it|that|this)|make a note|made a note|for now|as (?:it|they) (?:is|was|are)"
    r"|try another time|another time|put you on the list|you can do it|up to you)\b"
)
#: Leaves what was asked for undone, even after a yes.
LEAVES_IT = re.compile(
    r"\b(?:i(?:'ll| will)|let's|then i) (?:just )?leave (?:it|that|you|things|everything"
    r"|(?:mon|tues|wednes|thurs|fri)day)"
    r"(?: (?:as|where|there|alone|open|then|for now|at that)\b|[.,!]|$)"
    r"|\bi (?:won't|will not) (?:book|move|cancel|change)\b"
)
GOES_ON = re.compile(
    r"\b(?:thank you|thanks|great|perfect|wonderful|lovely|excellent|got it"
    r"|congratulations|gracias"
    r"|brilliant|super|fantastic|happy new year|get well|safe travels)\b"
)
#: A sentence that only asks to wait a moment: what was asked for is being looked into.
HOLDS = re.compile(
    r"(?:(?:okay|ok|sure|certainly|of course|all right|alright),? )?(?:just )?"
    r"(?:(?:one|a) (?:moment|second|sec|minute)|hold on|bear with me"
    r"|give me (?:one|a) (?:moment|second|minute)"
    r"|let me (?:just )?(?:see|check|look|have a look|take a look|look at|look into|check on)"
    r"(?: (?:that|it|this|the (?:calendar|schedule|diary|book)|[a-z]+day))?)"
    r"(?: for you)?,?(?: please)?",
    re.IGNORECASE,
)
ASSENTS = re.compile(
    r"\b(?:certainly|sure|of course|gladly|happy to|absolutely|okay|ok|all right|alright|yes)\b"
)
GREETS = re.compile(
    r"\b(?:happy|merry) (?:\w+ ){0,3}(?:thanksgiving|christmas|new year|holidays?|birthday|easter)"
)
EXTRA = re.compile(r"\b(?:as well|also|too|another one)\b")
ANOTHER_TIME = re.compile(
    r"\b(?:(?:an)?other|new|different|better) (?:time|day|date|one|appointment"
    r"|slot)\b|\brebook\b|\bcome instead\b|\breplacement\b"
)
PROMISES = re.compile(
    r"\b(?:i'll|i will|i'm|we'll|let me|let's|going to|i can)(?: \w+){0,3} "
    r"(?:cancel|cancelling|canceling|delete|remove|take (?:it|that|you) (?:off|out))\b"
)
PROMISES_MOVE = re.compile(
    r"\b(?:i'll|i will|we'll|let me|let's)(?: \w+){0,2} "
    r"(?:move|push|bump|change|switch|swap|shift|reschedule|rebook) (?:it|you|that|your|him|her"
    r"|them)\b"
)
PROMISES_BOOK = re.compile(
    r"\b(?:i'll|i will|we'll|i'm|let me|let's)(?: \w+){0,1} "
    r"(?:book|put|pop|get|pencil|write|slot|booking|putting|popping) (?:it|you|that|him|her|them)"
    r" (?:in|down|up)\b"
)
INSTEAD = re.compile(r"\b(?:in place of|free(?:ing)? up|giv(?:e|ing) up|release|replacing)(?= )")
SOONEST = re.compile(
    r"\b(?:(?:the|our|my) )?(?:soonest|earliest|first available|next available|first opening"
    r"|next opening)(?: (?:one|slot|time|opening|i have|i can do|we have|i've got|we've got|that"
    r"|appointment))*(?: is| would be)?(?= )"
)
SEE_YOU = re.compile(r"\bsee you\b")
STAYS = re.compile(r"\b(?:still|stays?|stands?|remains?|keep(?:ing)?|kept|left as)\b")
GOES = re.compile(r"\b(?:goes|cancel\w*|off|out|gone|dropped?)\b")
TWO_REPORTS = re.compile(r",? and (?=(?:an?|the|your|you're|you are|i've|i'll) )")
CLAUSE = re.compile(r",? (?:and|but|while) |[,;:] | - ")
TITLE = re.compile(r"\b(mr|mrs|ms|dr|st)\.")
OFFERS_TO = re.compile(r"\bi (?:can|could) (?:\w+ ){0,2}(?:cancel|take care of|remove|delete)\b")
WH = re.compile(r"^(?:and |so |okay,? |sure,? )*(?:what|which|when|where|who|why|how|whose)\b")
ABOUT_IT = re.compile(r"\b(?:it|that|this|everything|all|both|them|deal|shall i)\b")
OF_THE_CALLER = re.compile(
    r"(?:and |so |ok(?:ay)?,? )?(?:are|were|have|did|had|do) you (?!want|like|wish|agree|confirm)"
)
CANCELS = re.compile(
    r"\b(?:cancel|delete|remove|release|scratch|scrap|call (?:it|that) off|calling off"
    r"|take (?:you|it|that|them) (?:off|out)|comes? (?:off|out)|get rid)"
)
MOVES = re.compile(
    r"\b(?:mov(?:e|ed|ing)|chang(?:e|ed|ing)|reschedul\w+|come instead|switch|swap|bump|push"
    r"|shift|instead of|in place of|postpon\w+|bring (?:\w+ )?forward|goes from)\b"
)
LINE_CHECK = re.compile(
    r"^(?:hello|hi|are you (?:still )?(?:there|with me)|can you hear me|is anyone there"
    r"|sorry for the wait|one moment|just a (?:second|moment)|let me (?:see|check"
    r"|look)\b[^?.!]*)[?.!]*$"
)
EXISTING = re.compile(
    r"\b(?:i (?:can )?see (?:a|an|your|two|three|four|that|it|the|\w+ "
    r"appointments?)\b|i (?:have )?found|you (?:have|are booked|are down)|you've "
    r"got"
    r"|you're (?:booked|down) (?:for|on)|currently|cancel your|move your|you mean your"
    r"|your \w+ (?:is |was )?(?:on|at|for)\b)"
)
NEW = re.compile(r"\b(?:is now|now on|moved|changed|to)\b")
NOT_OFFERED = re.compile(
    r"\b(?:we (?:close|open)|(?:is|are|'re|we're) (?:open|closed) (?:until|till"
    r"|from|at|late|on)|closes?"
    r"|until|please (?:come|arrive|be here)|forms?|paperwork|reference|takes? "
    r"(?:about )?(?:an?|one)"
    r"|dollars|fee|after (?:noon|that)|before your|hours?|break|since|expired|was|birth)\b"
)
