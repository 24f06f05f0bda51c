"""The names under which jobs lie in Redis; `workers.process.job_table` has the functions.

Adapters queue them without importing `workers`. A name that was ever queued must keep working for
`queue.QUEUED_TTL_S` after it was last used.
"""

from __future__ import annotations

RUN_EFFECT = "workers.effects.run"
"""Run a tool under its key: call id, key."""
WORK_OFF_CALL = "workers.calls.work_off"
"""Work off a call's webhooks: call id, job id."""
FINISH_NOTED = "workers.noted.finish"
"""Try a booking request that was noted: call id, key, until, kind, what."""
FORGET_BOOKING = "workers.noted.forget"
"""Remove what a booking that was given up may have left: call id, key, wish."""
ANNOUNCE = "workers.notifications.announce"
"""Tell others of a change to a booking: the change."""
DELIVER = "workers.notifications.deliver"
"""Tell of it on one channel: the change, the channel's name."""
KEEP_DRAFT = "workers.desk.drafts.keep_draft"
"""Leave the message that a caller began and did not end: call id."""
MAKE_REPORT = "workers.after_call.reports.make"
"""Make an ended call's report: call id."""
ANNOUNCE_REPORT = "workers.after_call.deliveries.announce"
"""Tell others of a call's report: call id."""
DELIVER_REPORT = "workers.after_call.deliveries.deliver"
"""Tell of it on one channel: call id, the channel's name."""
TELL_BUDGET = "workers.after_call.budgets.announce"
"""Tell a business of its budget: the notice, whose it is."""
DELIVER_BUDGET = "workers.after_call.budgets.deliver"
"""Tell of it on one channel: the notice, whose it is, the channel's name."""
