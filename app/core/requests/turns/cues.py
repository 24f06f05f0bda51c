"""The words by which callers ask for something, take it back, put it off or agree.

All patterns are matched against `spelled` text: lower case, short forms written out, no marks.
"""

from __future__ import annotations

import re

from app.core.language.text import EXPANSIONS, plain

_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)*")
_MORE_FORMS = {
    short.strip(): tuple(full.split())
    for short, full in (
        pair.split("=")
        for pair in """
    im=i am, youre=you are, hes=he is, cos=because, isnt=is not, arent=are not,
    theyd=they would, that'd=that would, it'd=it would, that'll=that will, it'll=it will,
    he's=he is, she's=she is, she'll=she will, he'll=he will, they'll=they will, he'd=he would,
    she'd=she would, youve=you have, you've=you have
    """.split(",")
    )
}


def spelled(text: str) -> str:
    """The words of a text in lower case, short forms written out, without marks."""
    out: list[str] = []
    for match in _WORD.finditer(plain(text, 4000)):
        word = match[0]
        out.extend(EXPANSIONS.get(word) or _MORE_FORMS.get(word) or (word,))
    return " ".join(out)


WEEKDAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_ME = r"(?:me|us|myself|him|her|them|my \w+|it)"


#: Agrees, in so many words, to what was offered or read back.
COMMITS = any_of(
    r"\b(?:i|we) (?:will|would) take\b",
    r"\b(?:book|reserve) (?:it|that|them|me)\b",
    r"\bput (?:me|us) (?:down|in)\b",
    r"\blet us (?:do|book|go|take)\b",
    r"\bgo (?:ahead|for it)\b",
    r"\bsounds (?:good|great|fine|perfect|lovely|okay)\b",
    r"\b(?:that|this|it|one|those|which) (?:works|suits|is (?:good|fine|great"
    r"|perfect|okay|ok|right|correct|grand|lovely|better|it|the one|me|alright)"
    r"|will (?:do|work|suit|be (?:fine|good|great|perfect|lovely))|would (?:be )?(?:work|great"
    r"|good|fine|perfect|lovely|better|suit"
    r"|ideal|best|wise|wisest|easiest|simplest|amazing|awesome|excellent|super|brilliant|helpful"
    r"|nice|kind|smart|fantastic|terrific))\b",
    r"\bplease do\b",
    r"\bdo (?:it|that)\b",
    r"\bthat one\b",
    r"\b(?:is|are) (?:good|fine|great|perfect|okay|ok|grand|better|ideal)\b",
    r"\bworks\b",
    r"\bwhy not\b",
    r"\bmove it\b",
    r"\bwill do nicely\b",
    r"\bi am sure\b",
    r"^it is(?: (?:then|indeed|good|fine|so|sir|ma'am|miss|perfect|great|okay|dear|love|hon|honey"
    r"|darling|mate))?$",
    r"^(?:that is )?(?:more like it|much better|even better)$",
    r"\b(?:grab|lock|nab|snag) (?:it|that|this)\b",
    r"\b(?:that|it|this|monday|tuesday|wednesday|thursday|friday) would (?:do|work|suit)\b",
    r"\bput (?:it|that) there\b",
    r"\b(?:swap|switch|move|change|put|shift|book) (?:me|us|it) (?:to|over|there|into"
    r"|for) (?:that|it"
    r"|then|there)\b",
    r"\bcount me in\b",
    r"\btake (?:it|that|the \w+(?: one)?)$",
    r"\b(?:fire away|ready when you are)\b",
)
YES = any_of(
    r"^(?:\w+ ){0,3}?(?:yes|yessir|yes'm|yessiree|yeah|yep|yup|yah|ya|aye|sure|correct|right"
    r"|exactly|precisely|absolutely|definitely|certainly|perfect|great|okay|ok|fine"
    r"|wonderful|lovely|awesome|mm hm|mhm|mm hmm|uh huh|of course|please|indeed"
    r"|good|brilliant|excellent|super|cool|alright|all right|sweet|agreed|deal"
    r"|you bet|confirmed|affirmative|fabulous|fantastic|marvel+ous|terrific|beautiful|grand"
    r"|smashing|splendid|bingo|totally|righto|okey|gladly|naturally|roger|true"
    r"|spot on|bang on|by all means|for sure|very well|ten four|hundred percent)\b",
    # "you may", "we do", "that would do": nothing but a short form of the question
    r"^(?:(?:oh|well|then|ha|and) )?(?:i|we|you|it|that|they|he|she|she is|one)"
    r" (?:i |would |will )?(?:do|does|is|are|have|has|can|could|may|would|will|am|got it|did)"
    r"(?: (?:do|it|indeed|that|so|nicely|sir|ma'am|please|thanks|fine|too|now))?$",
    r"^(?:that is|it is) (?:me|him|her|them|us|right|it|what i said|what i want(?:ed)?)\b",
    r"^(?:yes )?(?:all|both|everything)(?: of (?:it|them))?(?: is)?(?: (?:good|right|correct|fine"
    r"|great|please|okay|yes|perfect|set))?$",
    r"^(?:exactly|just) (?:that|so|like that|right)$",
    r"^(?:yes |oh |well )?i (?:would (?:like|love)|believe|think|am in|can make) ?(?:that|so|it)?"
    r"(?: work)?(?: please| very much)?$",
    r"^(?:that|it) should (?:work|be (?:fine|good|okay))\b",
    r"^make it so\b",
    r"^(?:\w+ ){1,8}(?:perfect|wonderful|ideal|excellent|brilliant|lovely|marvel+ous)$",
    r"^(?:oh |yes |very |absolutely )?(?:delighted|thrilled|chuffed|ecstatic|ideal|sold|settled"
    r"|done|amazing|brill|perfecto|si|ja|oui|positive|certain|happy|ready|right on|right you are"
    r"|righty ho|as you say|go on(?: then)?|very much|very much so|happy to|happy with (?:that|it)"
    r"|sounds like a plan|it is a date|let us|you know it|no objections?|that is grand)\b",
    r"^(?:if you (?:would|could)|would you|please do|do|so be it)$",
    r"^(?:yes |oh |well )?(?:i|we) would (?:really |very much )?(?:appreciate|love|like|prefer"
    r"|value) (?:that|it)(?: very much| please)?$",
    r"^(?:yes )?(?:you are (?:very |more than )?welcome(?: to)?|be my guest|feel free"
    r"|as you (?:wish|like|please)|suits me)(?: please)?$",
)
_SMALL = (
    r"(?:oh|ah|um|uh|er|well|hm|hmm|mm|so|then|that|it|is|sir|ma'am|dear|mia|hon|and|yes|yeah|all|very"
    r"|just|sounds?|thanks|thank you)"
)
#: A yes in so many words, whatever reason follows it.
PLAIN_YES = re.compile(
    rf"^(?:{_SMALL} ){{0,4}}?(?:yes|yessir|yes'm|yessiree|yeah|yep|yup|yah|ya|aye|correct"
    r"|exactly|precisely|absolutely|definitely|certainly|of course|indeed|please do|affirmative"
    r"|confirmed|you bet|by all means|spot on|bang on|for sure|totally|agreed|deal|mm hm|mhm"
    r"|uh huh)\b"
)
#: What turns even a plain yes round: "Yeah, right, like I would", "Yes? Hello?".
TURNS_YES = re.compile(
    r"^ (?:right like|about that|hello|what i was|in your dreams|as if|you wish"
    r"|that is (?:just |exactly )?(?:the|my) (?:thing|problem|trouble|catch|issue|difficulty))\b"
)
#: Says that what is offered does not suit: "Yeah, mornings are murder".
UNFIT = re.compile(
    r"\b(?:is|are|would be|will be) (?!not|no)(?:\w+ )?(?:a )?(?:murder|hell|impossible"
    r"|out of the question|brutal|awful|terrible|horrible|difficult|tricky|hard|tough|problem"
    r"|pain|stretch|struggle|nightmare|worst|no good)\b"
)
#: Words that may be a yes, or only the start of something else: "Great, just when I'm away".
MILD_YES = re.compile(
    rf"^(?:(?:{_SMALL}|sure|right|perfect|great|okay|ok|fine|wonderful|lovely|awesome|please|good"
    r"|brilliant|excellent|super|cool|alright|sweet|fabulous|fantastic|marvel+ous|terrific"
    r"|beautiful|grand|smashing|splendid|true|righto|okey|very well) ?)+(?= |$)"
)
#: What makes a mild yes a sure one.
GLAD = re.compile(
    r"\b(?:see you|be there|thanks?|works?|suits?|do (?:that|it)|book|take it|will do|forward"
    r"|appreciate|can not wait|love|glad|bye|have a|go ahead|put|it is|you are|me|move|cancel"
    r"|confirm|save|free|fits?|can do|that one|the \w+ one|then|anyway|done|set)\b"
)
_DECLINES = re.compile(
    r"^(?:no |nah |oh |so |then )*(?:i am|we are) (?:good|fine|okay|all set|alright)\b"
)
_AS_SAID = re.compile(r"^(?:that|it) is what i (?:said|want(?:ed)?)\b")
MOST_BESIDE = 3
"""A mild yes with more words beside it has to be glad as well."""


def says_yes(words: str, question: bool) -> bool:
    """Whether a sentence that holds a word of assent is meant as a yes."""
    if not YES.search(words) or _DECLINES.match(words) or UNFIT.search(words):
        return False
    if _AS_SAID.match(words):
        return True
    plain_yes = PLAIN_YES.match(words)
    if plain_yes:
        rest = words[plain_yes.end() :]
        return not TURNS_YES.match(rest) and (bool(rest) or not question)
    mild = MILD_YES.match(words)
    if mild is None:
        return not question
    rest = words[mild.end() :].strip()
    return not question and (len(rest.split()) <= MOST_BESIDE or bool(GLAD.search(rest)))


NO = re.compile(r"\b(?:no|nope|nah|not|never|wrong|none|neither|incorrect)\b")
#: A "no" that says nothing against what is arranged.
HARMLESS_NO = re.compile(
    r"\bno (?:kidding|way|objections?|joke|that is (?:all|it|everything|fine|great|right)"
    r"|that will be all"
    r"|problem|worries|doubt|thanks that is|more|nothing else|i am (?:good|all set"
    r"|fine)|thank you that is|just that)\b"
    r"|\bwhy not\b|\bnot a problem\b|\bnot senior\b|\band no not that one\b|\bnot "
    r"that one\b|\bno rush\b"
)
CLOSES = re.compile(
    r"\b(?:thank|thanks|bye|goodbye|cheers|great|perfect|lovely|wonderful|awesome"
    r"|cool|see you|good night|have a|appreciate|that is (?:all|it|everything)"
    r"|you are (?:a \w+|the best|(?:so |very |too )?(?:kind|sweet|nice)|an angel)|you rock"
    r"|bless you|much obliged|cheers|brilliant|fantastic|amazing|excellent|love it|nice one"
    r"|super|sweet|all good|take care|nope that is)\b"
)

#: A cue that what follows takes the place of what was said.
CORRECTS = re.compile(
    r"\b(?:actually|make (?:that|it)|i mean|i meant|rather|instead|sorry"
    r"|correction|no wait|wait|other way round|change (?:it|that) to|better "
    r"(?:make|say)|not|no|scratch that|oops|hang on)\b"
)
CORRECTS_PLAINLY = re.compile(
    r"\b(?:actually make|make (?:that|it)|i mean|i meant|change (?:it|that|the "
    r"\w+) to|can we (?:do|make|say|change)|could we (?:do|make|say|change)"
    r"|instead|let us (?:do|make|say)|it is not an? \w+ it is|better (?:do|say|go with)"
    r"|can you (?:do|make it)|(?:do|have|say) (?:\w+ ){0,2}rather)\b"
)


# --- requests -------------------------------------------------------------------------------

CANCEL = any_of(
    r"\bcancel(?:ling|ing)?\b",
    r"\b(?:has|have|had|needs?|got|want|like) (?:\w+ ){0,3}cancel+ed\b",
    r"\bcall(?:ing)? (?:it |that |this |them )?off\b",
    r"\b(?:take|get|cross|strike|wipe) (?:\w+ ){1,4}(?:off|out)\b",
    r"\b(?:take|remove|strike) (?:\w+ ){1,4}from (?:the|your) (?:list|book|books|schedule|calendar"
    r"|diary)\b",
    r"\b(?:have|has|got|need|going) to (?:pull|back|bow|drop|bail) out\b",
    r"\b(?:one|appointment|booking|monday|tuesday|wednesday|thursday|friday) (?:(?:has to|must"
    r"|can|should) go|goes)\b",
    r"\bscratch (?:it|my|the|our|his|her|both|them|those|mine)\b",
    r"\b(?:kill|nix|bin|axe|ditch|wipe|void|release|erase|lose|chuck|unbook) (?:it|that"
    r"|this|my|the|our|his|her|both|them|those|mine)\b",
    r"\b(?:bail on|(?:back|pull|drop) out of|do away with|rid of|give up (?:my|the))\b",
    r"\bgive (?:it|that|mine|my \w+|the \w+) up\b",
    rf"\b(?:give|let) (?:my|the|that|our|{WEEKDAY}|tomorrow) (?:\w+ ){{0,5}}"
    r"(?:go|away|to (?:somebody|someone|anyone)"
    r" else|to another (?:patient|person))\b",
    r"\blet (?:somebody|someone|anyone|anybody) else (?:have|take|use) (?:my|the|that|it)\b",
    r"\bgive (?:it|that) (?:away|to (?:somebody|someone|anyone) else)\b",
    r"\bcan go$",
    r"\bget out of (?:it|that|this|my|mine|the|our|coming)\b",
    r"\bno (?:more |longer )?need (?:for|of) (?:my|the|our|this|that|it)\b",
    r"\boff (?:the|your) (?:calendar|schedule|books?|list)\b",
    r"\bfree up\b",
    r"\b(?:delete|remove|scrap)\b",
    r"\bget rid of (?:the|my|it|our|this|that)\b",
    r"\bdrop (?:the|my|it|our|this|that)\b(?! (?:kids?|son|daughter|car|dog|cat|boys?|girls?"
    r"|children|off|phone|call))",
    r"\b(?:not|no longer) (?:be )?need(?:ing)? (?:my|the|our|this|that|mine)\b",
    r"\b(?:not|no longer) want (?:my|mine)\b",
    r"\b(?:no longer|not) (?:be )?(?:need|want|requir|us)(?:e|ing|ed)? (?:\w+ )?"
    rf"(?:{WEEKDAY}|today|tomorrow)\b",
    r"\bnot be needing (?:it|them)\b",
)
MOVE = any_of(
    r"\b(?:move|moving (?=my|the|it|that|our|this)|reschedul\w+|push(?:ing)?|switch(?:ing)?"
    r"|swap(?:ping)?|(?<!night )(?<!day )(?<!late )(?<!early )(?<!my )(?<!a )(?<!the )"
    r"(?<!work )(?<!off )shift(?:ing)?|postpon\w+|rebook|rearrang\w+|bump(?:ing)?|relocat\w+"
    r"|swop|exchang(?:e|ing)|trade)\b",
    r"\bchang(?:e|ing)\b",
    r"\b(?:has|have|needs?|got) to (?:become|turn into|be (?:moved|rescheduled|changed))\b",
    r"\bneed (?:it|that|mine) to be\b",
    r"\bbring (?:it|mine) (?:up|forward)\b",
    r"\b(?:get|have|want|need|like) (?:it|that|mine|my (?:\w+ ){1,3}|the (?:\w+ ){1,3})"
    r" ?(?:moved|rescheduled|changed|shifted|switched|swapped|pushed|bumped)\b",
    r"\b(?:that|it|this) go to\b",
    r"\b(?:turn|make) (?:it|that|this) into\b",
    r"\bin (?:its|that one's) place\b",
    r"\b(?:different|other|another|new|better) (?:date|day|time|slot|hour)(?: and time)? for (?:my"
    r"|our|the|his|her)\b",
    r"\bcome (?:in )?(?:sooner|earlier|later) for my\b",
    r"\b(?:bring|pull|take) (?:it|that|my \w+|the \w+) forward\b",
    r"\b(?:rather|prefer to|sooner) (?:have|do|come|take) .{0,40}\bthan\b",
    r"\bbring (?:\w+ ){1,3}forward\b",
    r"\bput (?:\w+ ){1,3}back\b",
    r"\bput (?:it|my \w+) off\b",
    r"\bdelay\b",
)
#: The caller cannot come as arranged: a change of some kind is wanted.
CANNOT_COME = any_of(
    r"\b(?:can not|could not|will not|not able to|will not be able to) (?:\w+ )"
    r"?(?:make|do|come|attend|be there|keep)\b",
    r"\bsomething(?:'s| has)?(?: just)? (?:came|come) up\b",
    r"\bnot (?:be )?(?:coming|able to (?:come|make)|going to (?:make|be able|come|be there))\b",
    r"\bclash\b",
    r"\bgot tricky\b",
    r"\bwill not be (?:in town|there|around|able)\b",
    r"\bi am away\b",
    r"\bwill be late\b",
    r"\binstead of\b",
    r"\brather than\b",
    r"\bneed that to be\b",
    r"\binstead\b",
    r"\bsupposed to come\b",
    r"\bmy (?:\w+ ){1,4}be on\b",
    r"\bto be (?:some time )?later\b",
    r"\bconflict\b",
    r"\bdoes not work (?:for me )?any more\b",
    r"(?:\b(?:is|are)|'s) a no go\b",
    r"\bgot to (?:bail|miss|skip)\b",
    r"\bnot (?:going to|gonna) happen\b",
    r"\b(?:not|no longer) (?:be )?need(?:ing)? (?:it|to (?:come|see|be seen))\b",
    r"\bhave to (?:miss|skip)\b",
    r"\bnot going to be able\b",
)
BOOK = any_of(
    r"\b(?:book|booking|schedule|scheduling|reserve|arrange|set up)\b",
    rf"\b(?:put|fit|squeeze|pencil|slot|sign|get|pop|write|see|take) {_ME} "
    r"(?:in|down|up|for|on|at|a)\b",
    r"\b(?:make|get|have|need|want|like|after|looking for|set up|take) (?:\w+ )"
    r"{0,3}(?:appointment|booking|reservation|visit)\b",
    r"\b(?:can|could|may|might) (?:i|we|she|he|you|they|my \w+) (?:\w+ )?(?:come"
    r"|get|have|do|pop|be seen|see|drop|take|fit)\b",
    r"\b(?:would like|want|need|wanted|would love|love|like|hoping|looking|trying)"
    r" to (?:\w+ )?(?:come|get|have|see|be seen|make|set|take|visit)\b",
    r"\bappointment\b",
    r"\b(?:needs?|wants?) one\b",
)
WANTS = any_of(
    r"\b(?:i|we) (?:would like|want|need|wanted|would love|am after|will have"
    r"|have to get|have to have|am looking|was hoping|was wondering|would need"
    r"|would take|am calling (?:to|for|about)|will take|got to get|have got to get"
    r"|would prefer|would rather|had rather|prefer|wish|require)\b",
    r"\bplease\b",
    r"\bneeds\b",
    r"\b(?:is|would) (?:it|there) (?:be )?(?:possible|any (?:chance|way))\b",
    r"\bany (?:chance|way) (?:i|we|you|of|that|my|to|for)\b",
    r"\b(?:can|could|may|might|would) (?:i|we|you|she|he|they|my \w+)\b",
    r"\b(?:put|book|give) me\b",
    r"\blet me (?:have|get|take)\b",
    r"\b(?:calling|call) (?:to|for)\b",
    r"\bneed\b",
    r"\blooking (?:to|for)\b",
    r"\bto ask for\b",
)
#: Only asks whether, or what it would be like.
ASKS_ONLY = any_of(
    r"\b(?:do you have|have you got|you got|got anything|is there|are there|are "
    r"you|when is|when are|what is|what do|how (?:much|long|many|often|do)|do you "
    r"(?:take|do|sell|accept)|does|where|which days|what would|is my|is it|did"
    r"|would i|would it be(?! possible)|where do)\b(?! (?:any (?:chance|way)|possible)\b)",
    r"\bshould (?:i|we|he|she|they|it)\b",
    r"\b(?:want|wanted|like) to (?:ask(?! for)|know|find out|check|see|tell|say|mention"
    r"|confirm|hear)\b",
    r"\bquestion\b",
    r"\b(?:talk|speak) (?:to|with) (?:someone|somebody|you|a manager|the manager) about (?:an?"
    r"|my|the)"
    r" (?:zz|appointment)\b",
    r"\bjust wondering\b",
    r"\bcould you tell me\b",
    r"\bcan you tell me\b",
)
AVAILABLE = any_of(
    r"\b(?:have|got|there) (?:you )?(?:\w+ )?(?:anything|something|any|an opening"
    r"|a slot|openings|time|room|space)\b",
    r"\bopening\b",
    r"\bearliest\b",
    r"\bwhen (?:could|can|would) (?:you|i|we)\b",
    r"\bfree\b",
    r"\bavailable\b",
    r"\banything\b",
    r"\bwondering about\b",
)
OBJECT_OTHER = re.compile(
    r"\b(?:gym|trip|table|restaurant|flight|hotel|car|insurance|subscription"
    r"|membership|order|address|cab|taxi|meeting|delivery|plan|card|number|name"
    r"|email|phone|dinner|policy|haircut|class|lesson|party|game)\b"
)
