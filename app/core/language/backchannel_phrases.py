"""The English phrases behind `backchannel`: data, replaced or extended by an agent's file."""

from __future__ import annotations

from app.core.language.text import vocabulary

BACKCHANNELS = vocabulary(
    """
    yeah, yes, yep, yup, ya, yah, yea, aye, uh huh, uh hum, um hum, um hmm, mm hmm, mm hm,
    mhm, mmhm, mhmm, mm, mmm, hmm, hm, huh, ah, aha, ah ha, oh, ooh, okay, ok, okey dokey, k,
    alright, all right, right, sure, sure thing, got it, gotcha, got you, i got it, i got you,
    i see, oh i see, i hear you, i understand, i understand that, understood, i know, i know
    it, of course, cool, nice, great, good, fine, perfect, lovely, excellent, awesome,
    wonderful, wow, gee, gosh, my gosh, my goodness, goodness, oh boy, boy, man, oh man, oh
    my, oh dear, oh well, exactly, absolutely, definitely, certainly, totally, true, very
    true, indeed, correct, fair enough, makes sense, that makes sense, sounds good, sounds
    great, sounds fine, sounds like it, no problem, no worries, no kidding, no doubt, no way,
    you bet, you know it, go on, go ahead, please go on, keep going, really, oh really, is
    that right, is that so, that is true, that is right, do     you, i bet, i can     imagine,
    i imagine, i agree, i believe it, i guess so, i suppose, i suppose so, for sure, thank
    you, thank you so much, thanks, thanks a lot, interesting, amazing, fantastic, brilliant,
    very good, very nice, very interesting, good deal, good point, how nice, that is it, that
    is great, too bad, so i hear, so i have heard, same here, me     too, aw, aww, oh gosh, oh
    goodness, oh my gosh, oh my goodness, oh wow, uh oh, ouch
    """,
    ",",
)
"""Whole remarks of someone who goes on listening."""

INTERRUPTS = vocabulary(
    """
    stop, please stop, stop it, stop talking, stop there, wait, wait a minute, wait a second,
    wait wait, hold on, hold it, hold up, hang on, one second, one sec, one moment, just a second,
    just a minute, just a moment, a moment please, pause, excuse me, pardon, pardon me, sorry what,
    no, nope, nah, no no, no no no, not that, not right, that's wrong, that's not right,
    thats wrong, that is wrong, that is not right, that's not it, that's incorrect, incorrect,
    wrong, never mind, nevermind, forget it, forget that, cancel that, shut up, be quiet, quiet,
    enough, silence, listen, let me speak, let me talk, let me finish, what was that, say again,
    say that again, repeat that, come again, go back, start over, slow down, too fast, speak up,
    louder, skip it, skip that, i have a question, hang up
    """,
    ",",
)
"""Remarks that stop the agent wherever they stand in what was said."""

HESITATIONS = frozenset(vocabulary("uh um er erm uhm eh ah hm hmm mm mmm oh"))
"""Sounds of somebody who has not begun yet."""

SOUNDS = HESITATIONS | frozenset(
    vocabulary(
        "yeah yes yep yup yea yah ya uh huh hum mhm mhmm mmhm aha ha ooh ok okay k right sure "
        "alright wow gosh gee boy jeez golly really exactly true absolutely definitely good great "
        "nice cool fine perfect thanks"
    )
)
"""Words that add nothing beside other listening words; "well" alone is a start, see `classify`."""

PRAISE_STARTS = (
    ("that's",),
    ("thats",),
    ("that", "is"),
    ("that", "was"),
    ("that", "sounds"),
    ("that", "would", "be"),
    ("that'd", "be"),
    ("that'll", "be"),
    ("sounds",),
    ("it's",),
    ("it", "sounds"),
    ("how",),
    ("isn't", "that"),
    ("what", "a"),
)
SOFTENERS = frozenset(
    vocabulary(
        "really very so pretty quite just a too all always kind of sort that real absolutely"
    )
)
PRAISE = frozenset(
    vocabulary(
        "great good nice neat interesting cool fun funny true right fine amazing wonderful "
        "fantastic excellent awesome incredible lovely perfect terrific super crazy wild "
        "something terrible awful sad scary bad hard rough tough strange weird correct fair okay "
        "ok alright helpful exciting impressive unbelievable beautiful pretty wise smart idea "
        "shame pity point thing surprising remarkable unfortunate horrible tremendous"
    )
)
