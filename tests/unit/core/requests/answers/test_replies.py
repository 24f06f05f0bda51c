"""What callers answer: a yes in any words, what only begins like one, and what takes it back."""

from __future__ import annotations

import pytest

from tests.unit.core.requests.calls import CLEANING, effects

ASKED = "I'd like a cleaning on Monday at nine please. Ana Diaz."
QUESTION = "A: Monday the 7th at nine. Shall I book it?"
BOOKED = "A: Monday, December 7th at nine. You're booked, Ana."
YES = (
    "Yes.",
    "Yeah.",
    "Yep, that's right.",
    "Yes please.",
    "Sure.",
    "Sure thing.",
    "Okay.",
    "Okay, great.",
    "Perfect.",
    "Perfect, thank you.",
    "That's perfect.",
    "That works.",
    "That works for me.",
    "Works for me.",
    "Sounds good.",
    "Sounds good to me.",
    "Great, let's do that.",
    "Yes, let's do it.",
    "Go ahead.",
    "Please go ahead.",
    "Please do.",
    "Do it.",
    "Correct.",
    "That's correct.",
    "That is correct, yes.",
    "Right.",
    "That's right.",
    "All right.",
    "Alright then.",
    "Fine.",
    "That's fine.",
    "Fine with me.",
    "Fine by me.",
    "Good.",
    "Good, thanks.",
    "Very good.",
    "Lovely.",
    "That'd be lovely.",
    "That would be great.",
    "That'd be great, thanks.",
    "That would be wonderful.",
    "Wonderful.",
    "Absolutely.",
    "Definitely.",
    "Of course.",
    "By all means.",
    "You bet.",
    "Yup.",
    "Uh huh.",
    "Mm-hm.",
    "Yes, ma'am.",
    "Yes, that's me.",
    "That's it.",
    "That's the one.",
    "I'd like that.",
    "I'd love that.",
    "I'll take it.",
    "We'll take it.",
    "I can do that.",
    "I can make that work.",
    "That suits me.",
    "Suits me fine.",
    "Excellent.",
    "Brilliant.",
    "Cool.",
    "Cool, yeah.",
    "Awesome.",
    "Sweet.",
    "No problem, go ahead.",
    "No objection.",
    "Why not.",
    "Sure, why not.",
    "Yes, the kids are at school then.",
    "Perfect, I'm off that day anyway.",
    "Exactly.",
    "Exactly right.",
    "Precisely.",
    "Indeed.",
    "Affirmative.",
    "Confirmed.",
    "It is.",
    "You got it.",
    "Yes it is.",
    "Yes, go ahead and do that.",
    "Yeah, sure.",
    "Yeah, okay.",
    "Yeah that's fine.",
    "Yeah, that'll do.",
    "That'll be fine.",
    "That should work.",
    "Should be fine.",
    "I think that's fine.",
    "I believe so.",
    "I think so.",
    "If you would.",
    "Yes, thank you very much.",
    "Thank you, yes.",
    "Please.",
    "Agreed.",
    "Deal.",
    "Spot on.",
    "Great stuff.",
    "Super.",
    "Terrific.",
    "Yes indeed.",
    "Aye.",
    "Okey dokey.",
    "Okay then.",
    "Okay, do it.",
    "Let's do it.",
    "Let's go for it.",
    "Go for it.",
    "Make it so.",
    "Done.",
    "I'm in.",
    "Works.",
    "Yes, I am sure.",
    "Uh, yes.",
    "Um, yeah, I think that's right.",
    "Oh, yes, perfect.",
    "Oh great, yes.",
    "Ok",
)
NO_YES = (
    "Okay, well, thanks for checking.",
    "Right. I'll try the place on Main Street.",
    "Fine, I'll go somewhere cheaper.",
    "Sure, but my wife has the car that day.",
    "Good lord, that's early.",
    "Great, just when I'm in surgery.",
    "Yeah, about that, I'd have to see.",
    "Okay so what else is there?",
    "Perfect timing, I'm getting married that day, so hardly.",
    "Yeah, no.",
    "I do, but only on weekends.",
    "It is what it is, I'll call next week.",
    "Sure would if I could.",
    "Ha, you wish.",
    "Good question, let me look.",
    "Alright, alright, don't push me.",
    "Okay, hmm, can you email me that?",
    "Yes, if my mother can drive me.",
    "Yeah, I used to come Mondays, these days I work.",
    "Cool, I'll let you know.",
    "Exactly what I was afraid of.",
    "Right, that's the day I'm moving.",
    "Okay, but I was hoping for Tuesday.",
    "Fine by me, not by my boss.",
    "Yes and no.",
    "Sweet of you, but I'll wait.",
    "Absolutely not.",
    "Sure, whatever, put whatever you like, I won't show up.",
    "I guess that's too early for me.",
    "So soon? I don't know.",
    "That's when the plumber comes.",
    "Monday I'm in Denver.",
    "That would have been great last week.",
    "It would be if it weren't for work.",
    "Could be. Could also not be.",
    "We'll see.",
    "Let me put you on hold.",
    "I'll be honest, I'm just shopping around.",
    "Okay, I'll pass.",
    "Thank you, but no thank you.",
    "Great, I'll call you when I know.",
    "Okay I'll think on it.",
    "Nah we're good, thanks.",
    "I'm good, thanks.",
    "Oh you know what, my car's at the shop.",
    "Ugh, forget the whole thing.",
    "Better not.",
    "Sorry, wrong number.",
    "Is that the only one?",
    "Okay, how much would that be?",
    "Yes? Hello? Are you there?",
    "Right, and who would I see?",
    "Sure, and do you take Aetna?",
    "Yes, that's my wife's slot though.",
    "Fine, then don't.",
    "Okay, cancel that.",
    "Alrighty, I'll ask my husband and ring you.",
    "Well, I'd rather come Tuesday.",
    "Perfect, if it were Tuesday.",
    "Yeah, right, like I'd get up that early.",
    "In your dreams.",
    "Over my dead body.",
    "I'd sooner eat glass.",
    "That's a hard pass.",
    "Mondays are a no for me.",
    "You must be joking.",
    "Not on your life.",
    "I have class then.",
    "I'm afraid that clashes.",
    "Can't. Work.",
    "Negative.",
    "That's the one day I can't.",
    "The kids are off that day.",
    "Only Monday? Bummer.",
    "Okay. Too bad.",
    "I was afraid you'd say that. Bye.",
    "What a pity. Goodbye.",
)
TAKEN_BACK = (
    "Actually, cancel that.",
    "Oh wait, I can't.",
    "Hmm, on second thought, no.",
    "You know what, never mind.",
    "Sorry, something just came up, take me off.",
    "Ah, no, I'm away that week.",
    "Shoot, I'm working then.",
    "Could you hold off on that?",
    "Actually let me call you back about it.",
    "Don't book it after all.",
    "Forget it, I'll go elsewhere.",
    "Oh no, that's my daughter's recital.",
    "Actually, I changed my mind.",
    "Can you undo that?",
    "I take it back.",
    "Wait, don't.",
    "No, wait, stop.",
    "Actually I don't need it.",
    "Actually I don't want it anymore.",
    "Let's not.",
    "Oh, scratch that.",
    "Hang on, I need to check with my wife first.",
    "Actually can we leave it for now?",
    "Sorry, I have to cancel that again.",
    "I'd rather not, actually.",
    "Oh, please cancel it.",
    "Scrap it, please.",
    "Please remove me again.",
    "I can't make it after all.",
    "I won't be able to come after all.",
    "Actually that won't work.",
    "Hmm, that doesn't work for me after all.",
    "Oh, that's no good, sorry.",
    "I made a mistake, I'm not free then.",
    "Can you un-book me?",
    "Sorry, could you delete that booking?",
    "My wife says we can't.",
    "My boss just said no.",
    "Ugh, never mind, my insurance ran out.",
    "Let me get back to you on that.",
)
MENTIONED = (
    "You people booked me for Monday at nine for a cleaning and I never asked for that!",
    "I was promised a cleaning on Monday at nine and nobody told me it was cancelled.",
    "I booked a cleaning for Monday at nine online, did it go through?",
    "Why was my cleaning moved to Monday at nine? Nobody asked me.",
    "I waited for my cleaning on Monday at nine and nobody showed up.",
    "I want to speak to a manager about my cleaning on Monday at nine.",
    "Your text said my cleaning is Monday at nine, is that right?",
    "I got a reminder for a cleaning on Monday at nine, I don't think that's mine.",
    "I'm never coming back, not Monday at nine, not ever.",
    "You charged me for a cleaning on Monday the 7th at nine that I never had.",
    "I need to talk to someone about a cleaning on Monday at nine that went wrong.",
    "My cleaning is Monday at nine, what should I bring?",
    "Is my cleaning on Monday at nine or at ten?",
    "How long does a cleaning on Monday at nine take?",
    "Do I need to fast before my cleaning on Monday at nine?",
    "Does Dr. Lee do cleanings on Monday at nine?",
    "Could you tell me if Monday at nine is free for a cleaning?",
    "I just want to know whether you have a cleaning on Monday at nine.",
    "What would a cleaning on Monday at nine cost me?",
    "Hypothetically, could I get a cleaning on Monday at nine?",
    "I'm thinking about a cleaning on Monday at nine.",
    "I'd book a cleaning for Monday at nine if I had a car.",
    "Unless I get a raise I won't book a cleaning Monday at nine.",
    "My wife wants a cleaning on Monday at nine but she'll call you herself.",
    "My coworker has a cleaning with you on Monday at nine.",
    "My mom needs a cleaning Monday at nine, should she call?",
    "A friend of mine got a cleaning with you on Monday at nine last month.",
    "I used to come Mondays at nine for a cleaning.",
    "I'd never book a cleaning on a Monday at nine.",
    "Don't book me a cleaning for Monday at nine.",
    "I don't want a cleaning on Monday at nine.",
    "I didn't ask for a cleaning on Monday at nine.",
    "I no longer want a cleaning on Monday at nine.",
    "I was going to book a cleaning for Monday at nine but I changed my mind.",
    "I almost booked a cleaning for Monday at nine, silly me.",
    "I'd rather not have a cleaning on Monday at nine.",
    "Someone else took my cleaning on Monday at nine.",
    "The website says book a cleaning on Monday at nine and save ten dollars.",
    "I saw an ad for cleanings on Monday at nine.",
    "Are you still doing the cleaning special Monday at nine?",
    "I should probably get a cleaning, maybe Monday at nine, I don't know.",
    "Let me check with my boss whether I can do a cleaning Monday at nine.",
    "Perhaps a cleaning on Monday at nine, I'll let you know.",
    "Once my leg heals I'd like a cleaning, say Monday at nine.",
    "Can my dog come along to my cleaning on Monday at nine?",
    "I already have a cleaning on Monday at nine at another dentist.",
    "My insurance only covers a cleaning after Monday at nine.",
    "I can't do a cleaning on Monday at nine.",
    "Monday at nine is when I had my last cleaning.",
    "If you had a cleaning on Monday at nine I'd have taken it.",
)

FIRST = (
    "Monday.",
    "Monday please.",
    "The first one.",
    "The first.",
    "Monday's good.",
    "Monday at nine.",
    "Monday works.",
    "Let's do Monday.",
    "I'll take Monday.",
    "Nine on Monday.",
    "The Monday one.",
    "The earlier one.",
    "Nine.",
    "Nine is better.",
    "Nine's fine.",
    "I'd prefer Monday.",
    "Monday would be better.",
    "Monday at nine sounds good.",
    "Can I have the Monday one?",
    "Let's go with the first option.",
    "Not Wednesday. Monday.",
    "Wednesday I can't, so Monday.",
    "The sooner the better, so Monday.",
    "Oh, Monday at nine, definitely.",
    "Put me down for Monday.",
    "Give me the nine o'clock.",
    "The morning one.",
)
SECOND = (
    "Wednesday.",
    "The second one.",
    "The second.",
    "The latter.",
    "The later one.",
    "Wednesday at two.",
    "Two o'clock.",
    "Two works better.",
    "I'll go with Wednesday.",
    "Wednesday is better for me.",
    "I can't do Monday, but Wednesday is fine.",
    "Monday's no good, I'll take Wednesday.",
    "The afternoon one.",
    "The afternoon.",
    "Wednesday afternoon is great.",
    "Make it Wednesday.",
    "Wednesday, please, at two.",
    "I'd rather have Wednesday.",
    "The last one.",
)
NEITHER = (
    "Neither, sorry.",
    "Neither works.",
    "Anything on Thursday?",
    "Do you have something later?",
    "Either is fine.",
    "Whichever.",
    "I don't know yet.",
    "Monday or Wednesday, hmm.",
    "Let me check with my wife.",
    "What about Friday?",
    "Those don't work.",
    "I'm out of town both days.",
    "Could I do ten instead?",
    "Hmm, none of those.",
)
KEPT = (
    "No, keep it.",
    "No.",
    "Actually no, I'll come.",
    "No wait, leave it.",
    "Hmm, let me think about it.",
    "No, I changed my mind.",
    "Not yet.",
    "Hold on, let me ask my husband.",
    "Actually I can make it after all.",
    "No, don't cancel it.",
    "Oh, then leave it as it is.",
    "I'm not sure yet.",
    "Well, maybe not.",
    "No no, I meant the other one.",
    "No, just move it.",
    "Never mind, I'll be there.",
    "What happens if I do?",
    "Is there a fee?",
    "Then I'd rather keep it.",
    "Okay, but only if there's no fee.",
    "Let me call you back about that.",
    "I'd like to keep it actually.",
    "Sorry, I'll come, forget it.",
    "Wait.",
    "Hmm.",
    "On second thought, I'll keep it.",
)


@pytest.mark.parametrize("answer", YES)
def test_a_yes_is_one_in_any_words(answer: str) -> None:
    offered = ("I'd like a cleaning please, Ana Diaz.", "A: Would Monday the 7th at nine do?")
    assert effects(*offered, answer, "A: I see.", "Bye.")
    assert effects(ASKED, QUESTION, answer, "A: I see.")
    cancels = ("Please cancel my cleaning on Thursday. Dana Reyes.", "A: Shall I cancel it?")
    assert effects(*cancels, answer, "A: I see.", known=[CLEANING])


@pytest.mark.parametrize("answer", NO_YES)
def test_what_only_begins_like_a_yes_is_none(answer: str) -> None:
    offered = ("I'd like a cleaning please, Ana Diaz.", "A: Would Monday the 7th at nine do?")
    assert effects(*offered, answer, "A: I see.", "Bye.") == []
    assert effects(ASKED, QUESTION, answer, "A: I see.") == []
    moves = ("Please move my cleaning to Monday at nine. Dana Reyes.", "A: Shall I move it?")
    assert effects(*moves, answer, "A: I see.", known=[CLEANING]) == []


@pytest.mark.parametrize("line", TAKEN_BACK)
def test_what_is_booked_can_be_taken_back(line: str) -> None:
    assert effects(ASKED, BOOKED, line, "A: I see.") == []
    assert effects(ASKED, QUESTION, "Yes.", "A: One moment.", line, "A: I see.") == []
    assert effects(ASKED, QUESTION, line, "A: I see.") == []


@pytest.mark.parametrize("line", MENTIONED)
def test_what_is_only_mentioned_is_not_booked(line: str) -> None:
    for answer in ("A: I see.", "A: Okay.", "A: Let me look into that. Anything else?"):
        assert effects(f"Hi, this is Ana Diaz. {line}", answer, "Okay, thanks.") == []


@pytest.mark.parametrize(
    ("answer", "booked"),
    [
        *((answer, ["book 2026-12-07T09:00 cleaning Ana Diaz"]) for answer in FIRST),
        *((answer, ["book 2026-12-09T14:00 cleaning Ana Diaz"]) for answer in SECOND),
        *((answer, []) for answer in NEITHER),
    ],
)
def test_one_of_two_offers_is_picked_in_many_ways(answer: str, booked: list[str]) -> None:
    offer = "A: I have Monday the 7th at nine or Wednesday the 9th at two. Which would you like?"
    asked = "I'd like a cleaning please."
    assert effects(asked, offer, answer, "A: And your name?", "Ana Diaz.") == booked


@pytest.mark.parametrize("answer", KEPT)
def test_a_cancellation_needs_a_yes(answer: str) -> None:
    lines = ("Please cancel my cleaning on Thursday. Dana Reyes.", "A: Shall I cancel it?")
    assert effects(*lines, answer, "A: I see.", known=[CLEANING]) == []


@pytest.mark.parametrize(
    "hold",
    ["One moment.", "Sure, one second please.", "Let me see.", "Let me check Monday for you."],
)
def test_what_is_asked_outright_is_done_where_the_agent_looks_into_it(hold: str) -> None:
    booked = ["book 2026-12-07T09:00 cleaning Ana Diaz"]
    assert effects(f"U: {ASKED}", f"A: {hold}") == booked
    assert effects("U: Do you have anything on Monday at nine?", f"A: {hold}") == []
    assert effects(f"U: {ASKED}", f"A: {hold}", "U: Actually, no, leave it.") == []


@pytest.mark.parametrize(
    "said",
    [
        "Actually, while you were gone another place called me back, they can see me today.",
        "Sorry for the trouble.",
        "Oh, my mistake.",
        "Sorry to have bothered you.",
    ],
)
def test_what_the_agent_only_looks_into_is_given_up(said: str) -> None:
    lines = ("A: Let me check that. One moment please.", said, "A: All right then.")
    assert effects(ASKED, *lines) == []


def test_sorry_beside_the_request_or_after_the_yes_is_polite() -> None:
    booked = ["book 2026-12-07T09:00 cleaning Ana Diaz"]

    assert effects(f"{ASKED} Sorry for the trouble.", QUESTION, "Yes.", BOOKED) == booked
    assert effects(ASKED, QUESTION, "Yes. Sorry for the trouble.", BOOKED) == booked


@pytest.mark.parametrize(
    "said",
    [
        "Wow, this actually works. No, I was only trying it out.",
        "Perfect. No, wait.",
        "Yes. Oh no, not Monday.",
    ],
)
def test_a_no_after_the_yes(said: str) -> None:
    assert effects(ASKED, QUESTION, said, "A: Okay.") == []


@pytest.mark.parametrize(
    "said", ["Yes. No problem.", "Yes. No, that's all.", "Yes, no objections."]
)
def test_a_no_that_is_none_after_the_yes(said: str) -> None:
    assert effects(ASKED, QUESTION, said, BOOKED) == ["book 2026-12-07T09:00 cleaning Ana Diaz"]


def test_what_the_agent_leaves_after_the_yes_is_left() -> None:
    move = "Move my cleaning from Thursday at two to Friday at nine. Dana Reyes."
    asks = "A: Friday the 4th at nine instead of Thursday at two. Shall I change it?"

    assert effects(move, asks, "Yes please.", known=[CLEANING]) == ["reschedule 2026-12-04T09:00"]
    for said in ("Yes please. Leave me where I am.", "Yes please. Oh, the plumber."):
        assert effects(move, asks, said, "A: Okay, I'll leave it.", known=[CLEANING]) == []
