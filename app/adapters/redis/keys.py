"""Every key this program has in Redis, built in one place.

All keys of one call share the hash tag `{call_id}`, so that `call:{<call_id>}:*` is the call.
Each key's time to live is set by whoever writes it; `docs/operations.md` has the table.
"""

from __future__ import annotations

#: Calls that go on, scored by the Unix time at which they are no longer believed to.
LIVE_CALLS = "calls:live"
#: All calls of the retention time, scored by the Unix time at which each was first heard of.
RECENT_CALLS = "calls:recent"
#: Calls whose flight record is as it was written, scored by the Unix time of the last write; those
#: whose record was packed, scored alike; and the bytes of each record.
OPEN_RECORDS = "records:open"
PACKED_RECORDS = "records:packed"
RECORD_SIZES = "records:bytes"
#: Calls whose sound was recorded, scored by the Unix time at which it is forgotten; and the bytes
#: of each recording.
SOUND_LAPSING = "sound:lapsing"
SOUND_SIZES = "sound:bytes"
#: Hash: what all workers have counted, for `/metrics`.
WORKER_METRICS = "metrics:workers"
#: The web machine that shows them.
METRICS_SHOWN_BY = "metrics:shown_by"
#: Lists of events of no call, newest first: Retell's alerts, and what has no known name.
ALERTS = "webhooks:alerts"
UNKNOWN_EVENTS = "webhooks:unknown"
#: Businesses that messages were left for, scored by the Unix time of the newest one.
BUSINESSES_WITH_MESSAGES = "messages:businesses"
#: Hash of the messages of all businesses, as releases wrote it before each had its own; only read.
UNSCOPED_MESSAGES = "messages"
#: While it is there no booking is written, moved or cancelled.
BOOKINGS_PAUSED = "bookings:paused"
#: Calls whose report is to be made, or made again, scored by the Unix time of that.
REPORTS_DUE = "reports:due"
#: Days of agents on which something was used, as JSON `[day, business, agent]`, scored by the day.
USAGE_DAYS = "usage:days"
#: String: the id of the business whose embedded calendar is the one called `main`.
MAIN_CALENDAR_OWNER = "calendar:{main}:owner"
#: Number: counted up with each change of agents and businesses that were put through the API; the
#: channel on which that is told; and hash: the newest version of each, as `NUMBER DIGEST`.
AGENTS_GENERATION = "agents:generation"
AGENTS_CHANGED = "agents:changed"
AGENTS_CURRENT = "agents:current"
#: Hash: what is wrong with a change that processes refused, by process, as JSON.
AGENTS_PROBLEMS = "agents:problems"
#: Hash of the tokens of businesses by id, and when each was last used, in Unix seconds. They stay
#: until somebody revokes them.
TOKENS = "tokens"
TOKENS_USED = "tokens:used"
#: List: the ids of the last plays of scenarios from the console, newest first; and string: the id
#: of the play that goes on.
PLAYS = "plays"
PLAY_LEASE = "plays:lease"
#: Effects that have not ended, scored by the Unix time at which somebody must look after them.
OPEN_EFFECTS = "effects:open"
#: Effects that were given up, scored by the Unix time of that.
DEAD_EFFECTS = "effects:dead"


def calls_by(name: str, value: str) -> str:
    """Sorted set: the calls that have this value, scored by the Unix time of their beginning."""
    return f"calls:by:{name}:{value}"


def calls_with_word(week: int, word: str) -> str:
    """String: the seconds at which the calls of a week began in which a word was said, four bytes
    each; `word` is its digest."""
    return f"calls:words:{week}:{word}"


def call(call_id: str, what: str) -> str:
    """Any key of a call."""
    return f"call:{{{call_id}}}:{what}"


def signature(digest: str) -> str:
    """String: the route that a signed request has opened; as `Guards.tie` writes it."""
    return f"guard:tie:signed:{digest}"


def summary(call_id: str) -> str:
    """Hash: what is known of the call, one field each; also its fence and its counters."""
    return call(call_id, "summary")


def state(call_id: str) -> str:
    """String: the JSON value from which another process takes the conversation up."""
    return call(call_id, "state")


def handed(call_id: str, fence: int) -> str:
    """String: there once the holder before this one, which lives, has heard of it."""
    return call(call_id, f"handed:{fence}")


def lease(call_id: str) -> str:
    """Hash: the process that holds the call's socket, its fencing number, until when."""
    return call(call_id, "lease")


def transcript(call_id: str) -> str:
    """String: JSON array of what was said, as heard."""
    return call(call_id, "transcript")


def turns(call_id: str) -> str:
    """List: one JSON object per turn."""
    return call(call_id, "turns")


def intents(call_id: str) -> str:
    """List: one JSON object per intent that was found."""
    return call(call_id, "intents")


def events(call_id: str) -> str:
    """List: one JSON object per thing that happened."""
    return call(call_id, "events")


def record(call_id: str) -> str:
    """Stream: the flight record, several lines an entry."""
    return call(call_id, "record")


def sound(call_id: str) -> str:
    """Stream: both sides' recorded sound, a stretch an entry; an id is where its stretch ends."""
    return call(call_id, "sound")


def report(call_id: str) -> str:
    """Hash: the call's report, its revision and its digest."""
    return call(call_id, "report")


def report_work(call_id: str) -> str:
    """Hash: how often something changed that the report is made of, and how often it was begun."""
    return call(call_id, "report_work")


def report_reading(call_id: str) -> str:
    """Hash: what a text model answered for the report, by what it was asked."""
    return call(call_id, "report_reading")


def call_usage(call_id: str) -> str:
    """Hash: what was counted of the call so far."""
    return call(call_id, "usage")


def day_usage(business: str, agent: str, day: str) -> str:
    """Hash: what an agent's calls used on a day."""
    return f"business:{business}:usage:day:{day}:{agent}"


def month_usage(business: str, month: str) -> str:
    """Hash: what a business's calls used in a month."""
    return f"business:{business}:usage:month:{month}"


def budget_notice(notice_id: str) -> str:
    """String: this notice about a budget was queued."""
    return f"usage:told:{notice_id}"


def effects(call_id: str) -> str:
    """Sorted set: the call's effect keys by the Unix time they were asked for."""
    return call(call_id, "effects")


def effect(call_id: str, key: str) -> str:
    """Hash: one effect."""
    return call(call_id, f"effect:{key}")


def bookings(call_id: str) -> str:
    """Hash: the call's booking ledger, its version, and its bookings as people see them."""
    return call(call_id, "bookings")


def offers(call_id: str) -> str:
    """Hash: the slots that were offered in the call and the bookings it may touch."""
    return call(call_id, "offers")


def questions(call_id: str) -> str:
    """Hash: what tools have asked the caller about, and what they had said by then."""
    return call(call_id, "questions")


def model_questions(business: str, name: str, day: str) -> str:
    """Number: the questions of this kind that a business's calls put to a text model on a day."""
    return f"business:{business}:questions:{name}:{day}"


def messages(business: str) -> str:
    """Hash: the messages for a business by id."""
    return f"business:{business}:messages"


def messages_by_time(business: str) -> str:
    """Sorted set: the ids of a business's messages by the Unix time they were left."""
    return f"business:{business}:messages:time"


def messages_of(call_id: str) -> str:
    """Set: the ids of the messages that were left in the call."""
    return call(call_id, "messages")


def message_draft(call_id: str) -> str:
    """String: the message that is being taken in the call."""
    return call(call_id, "message_draft")


def transfer(call_id: str) -> str:
    """String: how far the call's newest warm transfer is."""
    return call(call_id, "transfer")


def fetching(call_id: str) -> str:
    """String: a caller who waits for a colleague is being fetched back."""
    return call(call_id, "fetching")


def names_tried(call_id: str) -> str:
    """Set: the names given in the call for appointments of its number that fitted none."""
    return call(call_id, "names_tried")


def booking_lock(call_id: str) -> str:
    """String: held while a worker changes the call's bookings."""
    return call(call_id, "booking_lock")


def caller_bookings(business: str, number_hash: str) -> str:
    """Hash: the bookings of one telephone number with a business, by booking id."""
    return f"business:{business}:caller:{number_hash}:bookings"


def unscoped_caller_bookings(number_hash: str) -> str:
    """Hash: the same as releases before businesses had keys of their own wrote it; only read."""
    return f"caller:{number_hash}:bookings"


def told(change_id: str, channel: str) -> str:
    """String: this change of a booking was told on this channel."""
    return f"told:{change_id}:{channel}"


def replies(process: str) -> str:
    """Stream: what workers and other processes have to tell a web process."""
    return f"replies:{process}"


def workers(queue: str) -> str:
    """Sorted set: worker processes of a queue by the Unix time of their last sign of life."""
    return f"workers:{queue}"


def worker_releases(queue: str) -> str:
    """Sorted set: ``RELEASE PROCESS`` of a queue's workers by the Unix time of their last sign of
    life."""
    return f"workers:{queue}:releases"


def effect_member(call_id: str, key: str) -> str:
    """An effect as a member of a sorted set. Keys have no blanks; call ids may."""
    return f"{key} {call_id}"


def parse_effect_member(member: bytes) -> tuple[str, str]:
    """`(call_id, key)` of a member that `effect_member` made."""
    key, _, call_id = member.decode().partition(" ")
    return call_id, key


def document_versions(document: str) -> str:
    """Hash: the versions of an agent or a business (`KIND:ID`) by number, and the `last` number."""
    return f"agents:versions:{document}"


def last_agent_file(path_hash: str) -> str:
    """String: the last good content of the agents' file of that path, as JSON."""
    return f"agents:file:{path_hash}"


def agent_version(business: str, agent: str, version: str) -> str:
    """String: the agent and its business as calls of this version know them, as JSON."""
    return f"business:{business}:agent:{agent}:{version}"


def trial_call(call_id: str) -> str:
    """String: the agent's version that a call to try it out begins with, as JSON."""
    return call(call_id, "trial")


def play(play_id: str) -> str:
    """String: how far a play of a scenario is, as JSON."""
    return f"plays:{play_id}"


def play_stop(play_id: str) -> str:
    """String: somebody wants this play to stop."""
    return f"plays:{play_id}:stop"


def feed(business: str, calendar: str) -> str:
    """String: a copy of the feed of a business's external calendar."""
    return f"business:{business}:feed:{calendar}"


def line(business: str, name: str) -> str:
    """String: a line of an agent's, spoken: mu-law audio."""
    return f"business:{business}:line:{name}"


def mcp_server(server_id: str) -> str:
    """String: what an MCP server offers, and when it was last asked, as JSON."""
    return f"mcp:server:{server_id}"


def mcp_asked(server_id: str) -> str:
    """String: some worker has just asked the server, or is at it."""
    return f"mcp:asked:{server_id}"


MCP_GENERATION = "mcp:generation"
"""Number: counted up whenever what any MCP server offers has changed."""
