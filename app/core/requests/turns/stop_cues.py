"""The words by which callers take something back, put it off, doubt it, or only speak of it.

Matched against the same `spelled` text as `app.core.requests.turns.cues`.
"""

from __future__ import annotations

import re

from app.core.requests.turns.cues import WEEKDAY, any_of

_FUTURE = (
    r"(?:i|we|she|he|they) (?:will|would have to|have to|need to|must|should|had better|got to"
    r"|have got to|am going to|would need to|could|can|shall|want to|would like to|would rather)"
)

#: Takes back what was asked for.
WITHDRAWS = any_of(
    r"\bnever mind\b",
    r"\blet it be\b",
    rf"\bmake (?:{WEEKDAY}|today|tomorrow) work\b",
    r"^(?:\w+ ){0,2}no stop\b",
    r"\bforget (?:it|that|about|everything|the|all|i)\b",
    r"\b(?:scratch|strike) (?:that|it|this|all)\b",
    r"^(?:\w+ ){0,4}cancel (?:that|this)$",
    r"\b(?:skip|drop) (?:it|that|this)\b",
    r"\bleave (?:it|that|the whole|everything|things)\b",
    r"\bleave (?:me|us|mine|my \w+) (?:where|as|on|at|alone|in|there)\b",
    r"\b(?:stick|stay|stay put|sticking|staying) (?:with|where)\b",
    r"\bdo not (?:book|bother|worry|do|move|cancel|want|need|put|schedule|make"
    r"|change|reschedule|touch)\b",
    r"\bno need\b",
    r"\bnot (?:necessary|needed|interested|going to happen|after all|any more)\b",
    r"\b(?:no longer|not) (?:want|need|interested)",
    r"\bchanged? my mind\b",
    r"\b(?:rather|better|would) not\b",
    r"\bi (?:will )?pass\b",
    r"\btake (?:it|that) back\b",
    r"\bsecond thoughts?\b",
    r"\bundo\b",
    r"\bun ?(?:book|schedule|do)\b",
    r"\bsomewhere else\b",
    r"\bsomebody else\b",
    r"\belsewhere\b",
    r"\bkeep (?:it|what|my|the|mine|wednesday|things)\b",
    r"\b(?:leave|keep) .{0,20}\bas (?:it|they)\b",
    r"(?:\bis|\bare|'s) (?:\w+ )?(?:fine|good|okay|ok|great|best) as (?:it|they|things) (?:is|are)"
    r"\b",
    r"\b(?:thanks|thank you) for (?:checking|looking|trying|the info|nothing)\b",
    r"\bsomewhere (?:else|cheaper|closer|nearer)\b",
    r"\bthank you anyway\b",
    r"\bthanks anyway\b",
    r"\bso no\b",
    r"\btoo bad\b",
    r"\btoo (?:late|early|expensive|close|long|far)\b",
    r"\bby mistake\b",
    r"\bwrong number\b",
    r"\bmade (?:it|one|that) already\b",
    r"\balready (?:did|done|made|have|got|booked|been)\b",
    r"\bdisregard\b",
    r"\bignore (?:that|it|what)\b",
    r"\bno good\b",
    r"\bstop (?:it|that)\b",
    r"\bi quit\b",
    r"\bnot (?:doing|gonna)\b",
    r"\b(?:let us|i will|i would) leave\b",
    r"\bwill not (?:be )?(?:need|do|come|book|work)",
    r"\bwould (?:be )?too\b",
    r"\bi am out$",
    r"\bcount (?:me|us) out\b",
    r"\bcall (?:it|that) off$",
)

#: Ends a call in which nothing came about.
GIVES_UP = re.compile(
    r"\bsorry (?:for|about) (?:the (?:trouble|bother|hassle|confusion|mix up)"
    r"|(?:bother|wast|troubl|call)ing)"
    r"|\bsorry to (?:have )?(?:bother|trouble|waste)|\bmy mistake\b"
    r"|\b(?:thanks|thank you) (?:though|anyhow|all the same|just the same)\b"
)
#: Takes back what is arranged or done, in a sentence that is about nothing else.
UNDOES = any_of(
    r"\b(?:never mind|forget (?:it|that|everything|what|about|the|this)|scratch that"
    r"|strike that)\b",
    r"\b(?:changed my mind|skip it|no wait|actually no|undo|un ?book|scrap (?:it|that))\b",
    r"\bdo not (?:book|want (?:it|to)|do it|put|make|schedule|bother|need it)\b",
    r"\b(?:cancel (?:that|it|this)|(?:oh|wait|no|please|actually) do not)$",
    r"\b(?:take|remove|delete|strike) (?:me|it|that)(?: \w+)? (?:back )?(?:off|out|again)\b",
    r"\b(?:remove|delete|undo) (?:me|it|that|this)\b",
    r"\bsecond thoughts?\b",
    r"\b(?:i|we) (?:can not|could not) (?:make it|come|do (?:it|that))\b",
    r"\b(?:i|we) (?:will not|would not) be (?:able to|there|in)\b",
    r"\bnot be able to (?:come|make)\b",
    r"\b(?:will not|does not|would not) work(?: for (?:me|us))?(?: after all| then)?$",
    r"\b(?:am|are) not free (?:then|that)\b",
    r"\b(?:that|it) is no good\b",
    r"\b(?:take it back|let us not|rather not|hold off on|no stop|made a mistake)\b",
    r"\blet me (?:get back|call you|ring you|come back)\b",
    r"\b(?:says|said) (?:(?:we|i) can not|no)\b(?! need)",
)
#: Begins like somebody who sees only now that it does not fit.
ALARMED = any_of(
    r"^(?:(?:oh|ah|um|uh|hmm|so) )*(?:shoot|damn|darn|crap|ugh|oops|drat|oh dear|no|wait|hang on"
    r"|hold on)\b(?! (?:problem|worries|thanks|thank|need|rush|kidding|way|joke|that is (?:all|it"
    r"|everything|fine)|i am (?:good|fine|all set)|nothing|more|just))"
)
#: Why it does not fit: something else at that very time.
TAKEN_THEN = any_of(
    r"\b(?:i|we) (?:am|are|have|have got|will be|had|fly|leave|work)\b",
    r"\bthat is (?:my|when|the|our)\b",
    r"\b(?:i|we) can not\b",
    r"\bnot\b",
)

_VERBS = (
    r"(?:check|ask|think|look|see (?:if|when|whether|how|what|about)|call|ring|phone|talk|speak"
    r"|discuss|consult|get back|be in touch|let you know|come back|try|text|email|mail|write"
    r"|find out|sleep|decide|wait|figure|make sure|hold off|reply|shop|let|double check|run it"
    r"|mull|consider|verify|know|hear|pass|go to|figure it)"
)
#: Stops a cancellation: what keeps the appointment, not what gives a reason to cancel it.
KEEPS = any_of(
    r"\bkeep\b",
    r"\bleave (?:it|that|them|the|my|mine|this|things|everything|me|us|as)\b",
    r"\blet it be\b",
    r"\bnever mind\b",
    r"\bforget (?:it|that|about|everything)\b",
    r"\b(?:scratch|strike) (?:that|it)\b",
    r"\bdo not (?:cancel|do (?:it|that)|touch|delete|move|change)\b",
    r"\bchanged my mind\b",
    r"\bsecond thoughts?\b",
    r"\b(?:will|can|could|would|am|are|going) (?:\w+ ){0,4}after all\b",
    r"\bnot cancel\b",
    r"\bwill come\b",
    r"\bwill be there\b",
    rf"\bmake (?:it|{WEEKDAY}|tomorrow|today) work\b",
    r"\bthen i (?:will|would|can) come\b",
    r"\bundo\b",
    r"\bstays\b",
    r"\bas it is\b",
    r"\bstill (?:want|need|come|coming)\b",
)
#: Puts a cancellation off.
NOT_YET = any_of(
    r"\bnot yet\b",
    r"\bhold (?:off|that|it)\b",
    r"\blet me (?:\w+ )?(?:think|ask|check|see|sleep|talk|look|find|get)\b",
    r"\bsleep on\b",
    r"\bthink (?:about it|it over)\b",
    r"(?<!was )\bnot (?:so |quite |really |too )?(?:sure|certain)\b",
    r"\bdo not know\b(?! (?:how|who|where|why|much|anything|anybody)\b)",
    r"\bmaybe not\b",
    r"\bmight not\b",
    r"\bwait\b",
    r"\bi (?:will|have to|need to|should|must|would have to) (?:\w+ )?(?:check|ask"
    r"|think|find out|see (?:if|whether|what))\b",
    r"\bdepends\b",
    r"\bundecided\b",
    r"\bpossibly\b",
    r"\bnearer the time\b",
)
#: Puts it off.
POSTPONES = any_of(
    rf"\b{_FUTURE} (?:\w+ )?(?:\w+ )?{_VERBS}\b",
    rf"\blet me (?:\w+ )?(?:\w+ )?{_VERBS}\b",
    r"\blet me see(?:$| (?:if|what|when|whether|how|first)\b)",
    r"\blet us (?:wait|talk|see|leave|do it|hold|postpone|think)\b",
    r"\b(?:call|ring|phone|get|come|be) (?:\w+ )?(?:back|again|in touch)\b",
    r"\bgive you a (?:call|ring)\b",
    r"\b(?:i|we) will see\b",
    r"\bhold (?:off|that|it)\b",
    r"\bnot (?:yet|now|today|right now|at the moment|this week|so fast)\b",
    r"\b(?:another|some other|a different|a better) (?:time|day)$",
    r"\bdo this another time\b",
    r"\banother time\b",
    r"\bmaybe (?:later|another|next|some)\b",
    r"\blater$",
    r"\bsome other time\b",
    r"(?<!come )\bin the (?:new year|summer|spring|fall|autumn)$",
    r"\bfor now$",
    r"\bonce (?:i|we|he|she|they|it|my|the)\b",
    r"\buntil (?:i|we|my)\b",
    r"\bafter (?:i|we) (?:\w+ )?(?:talk|speak|ask|check|know|hear|get|have)",
    r"\bnearer the time\b",
    r"\bin a (?:bit|while|few)\b",
    r"(?<!the )(?<!twenty )(?<!thirty )\bfirst$",
    r"\blet you know\b",
    r"\bwait (?:for|until|and)\b",
    r"\bbefore (?:i|we) (?:decide|commit|book)\b",
)

#: Has not made up their mind.
DOUBTS = any_of(
    r"(?<!was )\bnot (?:so |quite |really |too |entirely |totally )?(?:sure|certain|decided"
    r"|convinced)\b",
    r"\bdo not (?:know(?! (?:how|who|where|why|much|anything|anybody)\b)|think so)\b",
    r"\bno idea\b",
    r"\b(?:it|that|this|all)? ?depends\b",
    r"\bmaybe\b",
    r"\bperhaps\b",
    r"\bmight\b(?! be (?:a (?:bit|little|few minutes|tad) )?(?:early|late)\b)",
    r"\b(?:i|we) may\b",
    r"\bundecided\b",
    r"\bthink (?:about|it over|on it)\b",
    r"\bjust (?:looking|asking|wondering|curious|checking)\b",
    r"\bonly asking\b",
    r"\btwo minds\b",
    r"\b(?:have not|not) (?:made up|decided)\b",
    r"\bwe will see\b",
    r"\bprobably\b",
    r"\bpossibly\b",
    r"\bno rush\b",
    r"(?<!ask )(?<!asking )(?<!wondering )(?<!know )(?<!see )\bwhether"
    r" (?:i|we|he|she|my|it|that|or not)\b",
    r"\bhard to say\b",
    r"\bkind of unsure\b",
    r"\bi suppose\b.{0,60}\bbut\b",
)

#: Asks only under a condition. A polite "if you can" is none.
POLITE_IF = re.compile(
    r"\b(?:wondering|see|know|asking) if\b"
    r"|\bif (?:you (?:can|could|have|have got|got|get|guys (?:have|can|got)|would|do not mind"
    r"|will|please)"
    r"|possible|that is (?:okay|ok|alright|all right|fine|possible|good|free)"
    r"|it is (?:okay|ok|alright|fine|possible|free|available|not too much)|it "
    r"(?:works|goes|fits|suits you|can be (?:done|arranged))|(?:that|it) is (?:going|not too much"
    r" trouble|no trouble)|at all possible|that works"
    r"|i may|i can|there is|available|so)\b"
    r"|\bif (?:somebody|someone|anybody|anyone|anything|something|a slot|a spot|one) (?:\w+ )?"
    r"(?:dropped out|cancel+ed|cancels|opens?|opened|comes? up|came up|free|available|going)\b"
)
CONDITIONAL = any_of(
    r"\bif\b",
    r"\bunless\b",
    r"\bprovided\b",
    r"\bas long as\b",
    r"\bin case\b",
    r"\bsupposing\b",
    r"\bassuming\b",
    r"\bonce (?:i|we|my|he|she|they|the)\b",
    r"\bonly when\b",
    r"\bdepend(?:s|ing)\b",
    r"\bwhen i know\b",
    r"\bi may have to\b",
    r"\bmight (?:have|need|want)\b",
    r"\bi might\b",
    r"\bwould have to\b.{0,60}\bonly\b",
    r"\bthinking (?:of|about)\b",
    r"\bsay i\b",
    r"\blet us say i\b",
    r"\bwere to\b",
    r"\bhypothetical",
    r"\bin theory\b",
    r"\bwhat happens\b",
    r"\bwondering what\b",
    r"\bpending\b",
    r"\bso long as\b",
    r"\bshould (?:i|we) (?:need|have|want)\b",
    r"\bcontingent\b",
    r"\bas soon as\b",
)

#: Speaks of what somebody else does or did, or of what was.
TOLD = any_of(
    r"\bmy (?:\w+ )?(?:wife|husband|son|daughter|boss|mother|father|mom|dad|friend"
    r"|neighbou?r|brother|sister|cousin|colleague|roommate|partner|aunt|uncle"
    r"|girlfriend|boyfriend|kid|doctor|dentist|coworker|buddy|old dentist)(?: (?!to\b)\w+)"
    r"? (?:has|had|have|booked|cancel+ed|moved|said|says|told|wants(?! (?:an?|to (?:come|book))\b)"
    r"|wanted|was|is|comes|came|got|made|asked|would(?! like (?:an?|to (?:come|book))\b)|will|went"
    r"|can|keeps|always)\b",
    r"\b(?:he|she|they|somebody|someone|nobody|you|you guys|the lady) (?:had "
    r"|have |has |already |just |never )?(?:cancel+ed|moved|booked|told"
    r"|rescheduled|said|changed|billed|charged)\b",
    r"\b(?:said|says|told (?:me|him|her|us|my \w+|you))\b",
    r"\b(?:they|people|you|friends|folks|guys|everybody|everyone|always|always just) say\b",
    r"\b(?:does|do|did) (?:\w+ ){1,3}say\b",
    r"^(?:\w+ )?why (?!do not|not)\w+ (?!not)",
    r"\b(?:it|message|website|site|text|coupon|voucher|sign|letter|email) (?:said"
    r"|says|reads)\b",
    r"\bquote\b",
    r"\bpress \w+ to\b",
    r"\breply \w+ to\b",
    r"\bi (?:had|never|already) (?:\w+ )?(?:cancel+ed|booked|moved|rescheduled"
    r"|an? (?:appointment|cleaning|checkup|filling))\b"
    r"(?! (?:booked|scheduled|down|set up|with you) )",
    r"\bi was (?:booked|supposed|told(?! to (?:ask|get|book|have|make|see|call"
    r"|come in for))|charged|billed|given)\b",
    r"\bdoes he just\b",
    r"\ba guy\b",
    r"\bgot a text\b",
    r"\bbooked for (?:a|tomorrow)\b.{0,60}\bdelivery\b",
    r"\bused to\b",
    r"\b(?:always|never) \w+ing\b",
    r"\bvoicemail\b",
    r"\blisten to this\b",
)

_NOT = (
    r"\b(?:not|never|no)(?: (?:want|wish|need|going|have|like|calling|trying|to"
    r"|you|me|be|ever|please|just"
    r"|actually|yet|even|that|i|it|it is|book me)){0,5} "
)
#: "Don't book anything": the request itself is refused, by its kind.
REFUSED_BY_KIND = {
    "cancel": re.compile(_NOT + r"(?:cancel\w*|delete|remove|drop|call(?:ing)? off)\b"),
    "move": re.compile(_NOT + r"(?:move|moving|reschedul\w+|chang\w+|postpon\w+|switch|push)\b"),
    "book": re.compile(
        _NOT
        + r"(?:book\w*|schedule|reserve|put|fit|pencil|make an? (?:appointment|booking)|(?:an |any "
        r"|another )?appointment)\b"
        r"|\b(?:not|never|no longer) (?:want|need|ask(?:ed)? for|order(?:ed)?|have|after)"
        r"(?: to have| any| an?| the| my| this| that){0,2} (?:zz|appointment|booking)\b"
        r"|\brather not\b|\bnever asked\b|\balmost (?:booked|made)\b"
    ),
}
REFUSED = any_of(
    r"\bwithout (?:cancel|moving|booking|changing)",
    r"\binstead of (?:cancel|moving)",
    r"\bnot that i\b",
    r"\brather than (?:cancel|moving)",
)
