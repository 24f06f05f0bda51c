"""The Lua behind webhooks: each script is one atomic step, whatever else happens at the time.

A call's news is worked off by one job at a time. The call's `job` hash holds the id of the job that
is `queued` and of the one that is `running`; events that come while one is queued ride with it. The
sorted set of wake times names every call with something left to do: it brings a call back after a
cool-down, and when the worker that had it is gone.

If Redis refuses the first write of a script (out of memory, read-only) nothing of it was written.
"""

from __future__ import annotations

from app.adapters import queue

#: The function that works off a call's news.
JOB = "workers.calls.work_off"
#: What differs from one job to the next; everything else of a job is written into the scripts.
_OWN = ("data", "created_at", "enqueued_at")


def _push() -> str:
    """Lua that stores and queues a job as `queue.prepare` would, given only what is its own.

    A webhook's time is mostly the making and sending of its job.
    """
    job = queue.prepare(JOB, ["call", "job"], about="a call's webhooks")
    shared = ", ".join(
        f"{_quoted(name)}, {_quoted(value)}"
        for name, value in job.fields.items()
        if name not in _OWN
    )
    return f"""
local function push(data, queue, queues, job_id, payload, stamp)
  redis.call('HSET', data, 'data', payload, 'created_at', stamp, 'enqueued_at', stamp,
             {shared})
  redis.call('EXPIRE', data, {queue.QUEUED_TTL_S})
  redis.call('SADD', queues, queue)
  redis.call('RPUSH', queue, job_id)
end
"""


def _quoted(value: object) -> str:
    text = value.decode() if isinstance(value, bytes) else str(value)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


#: Takes one event about a call. What a job needs comes last, so that it may be left out.
#: Facts are kept by how final they are (`rank`), so their order of arrival does not matter.
#: Gives "duplicate", "stored", "queued" where a job was put on the queue, or "foreign" where the
#: request's signature has opened another route.
TAKE = (
    _push()
    + """
local seen, signature, facts, events, heard, partials, job, wake, recent, summary =
  unpack(KEYS, 1, 10)
local now, seen_ms, call_id = unpack(ARGV, 1, 3)
local story_ms, work_ms = unpack(ARGV, 4, 5)
local rank, blob, status, channel, counter, entry = unpack(ARGV, 6, 11)
local progress, transcript, said, partial, signature_ms = unpack(ARGV, 12, 16)
if signature_ms ~= '' then
  local route = redis.call('GET', signature)
  if route then return route == 'webhook' and 'duplicate' or 'foreign' end
  redis.call('SET', signature, 'webhook', 'PX', signature_ms)
end
if not redis.call('SET', seen, now, 'NX', 'PX', seen_ms) then return 'duplicate' end
if blob ~= '' then redis.call('HSET', facts, 'rank:' .. rank, blob) end
if counter ~= '' then redis.call('HINCRBY', facts, counter, 1) end
if transcript ~= '' and
   tonumber(progress) >= tonumber(redis.call('HGET', facts, 'progress') or '-1') then
  redis.call('HSET', facts, 'progress', progress, 'transcript', transcript)
end
redis.call('HSETNX', summary, 'first_at', now / 1000)
redis.call('HSETNX', summary, 'channel', channel)
if status ~= '' and tonumber(rank) >= tonumber(redis.call('HGET', facts, 'rank') or '-1') then
  redis.call('HSET', facts, 'rank', rank)
  redis.call('HSET', summary, 'status', status)
else
  redis.call('HSETNX', summary, 'status', '"ongoing"')
end
redis.call('HSET', facts, 'last_ms', now)
redis.call('PEXPIRE', summary, story_ms)
redis.call('PEXPIRE', facts, work_ms)
redis.call('RPUSH', events, entry)
redis.call('LTRIM', events, -1000, -1)
redis.call('PEXPIRE', events, story_ms)
if said ~= '' then
  redis.call('RPUSH', heard, said)
  redis.call('LTRIM', heard, -500, -1)
  redis.call('PEXPIRE', heard, work_ms)
  redis.call('DEL', partials)
  redis.call('HDEL', summary, 'early_intent')
elseif partial ~= '' then
  redis.call('RPUSH', partials, partial)
  redis.call('LTRIM', partials, -50, -1)
  redis.call('PEXPIRE', partials, 60000)
end
redis.call('ZADD', recent, 'NX', now / 1000, call_id)
if #KEYS == 10 then return 'stored' end
local data, queue, queues = unpack(KEYS, 11, 13)
local wake_at, job_id, payload, stamp = unpack(ARGV, 17, 20)
if redis.call('HSETNX', job, 'queued', job_id) == 0 then return 'stored' end
redis.call('PEXPIRE', job, work_ms)
push(data, queue, queues, job_id, payload, stamp)
redis.call('ZADD', wake, wake_at, call_id)
return 'queued'
"""
)

#: Takes an event that belongs to no call into a bounded list. Gives "duplicate" or "stored".
FILE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'duplicate' end
redis.call('LPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], 0, 199)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 'stored'
"""

#: A job begins with a call: from now on events need a new job. Gives the facts, what was heard,
#: the actions it led to, the summary, and the keys of the call's effects.
BEGIN = """
local job, wake, facts, heard, acts, summary, effects = unpack(KEYS)
local job_id, call_id, wake_at = unpack(ARGV)
redis.call('HDEL', job, 'queued')
redis.call('HSET', job, 'running', job_id)
redis.call('ZADD', wake, wake_at, call_id)
return {redis.call('HGETALL', facts), redis.call('LRANGE', heard, 0, -1),
        redis.call('LRANGE', acts, 0, -1), redis.call('HGETALL', summary),
        redis.call('ZRANGE', effects, 0, -1)}
"""

#: A job is through with a call: forget it, or wake it at `due`. A job queued meanwhile keeps its
#: own wake time.
FINISH = """
local job, wake = unpack(KEYS)
local job_id, call_id, due = unpack(ARGV)
if redis.call('HGET', job, 'running') == job_id then redis.call('HDEL', job, 'running') end
if redis.call('HEXISTS', job, 'queued') == 1 then return 0 end
if due == '' then return redis.call('ZREM', wake, call_id) end
return redis.call('ZADD', wake, due, call_id)
"""

#: The time of a call has come. Queues a job unless one is on its way; gives 1 where it did.
#: RQ keeps a job's state: one that waits for a worker or a retry is left alone, one that was given
#: up is in the dead letters, and of one that was started nothing was heard for too long.
WAKE = (
    _push()
    + """
local job, wake, data, queue, queues = unpack(KEYS)
local now, call_id, wake_at, work_ms, prefix = unpack(ARGV, 1, 5)
local job_id, payload, stamp = unpack(ARGV, 6, 8)
local due = redis.call('ZSCORE', wake, call_id)
if not due or tonumber(due) > tonumber(now) then return 0 end
local function state(field)
  local known = redis.call('HGET', job, field)
  return known and (redis.call('HGET', prefix .. known, 'status') or 'lost')
end
local queued, running = state('queued'), state('running')
for _, status in ipairs({queued or '', running or ''}) do
  if status == 'queued' or status == 'scheduled' or status == 'deferred' then
    redis.call('ZADD', wake, wake_at, call_id)
    return 0
  elseif status == 'failed' then
    redis.call('ZREM', wake, call_id)
    redis.call('HDEL', job, 'queued', 'running')
    return 0
  end
end
redis.call('HSET', job, 'queued', job_id)
redis.call('PEXPIRE', job, work_ms)
push(data, queue, queues, job_id, payload, stamp)
redis.call('ZADD', wake, wake_at, call_id)
return 1
"""
)

#: Files the early intent unless what it was read from is over or has grown meanwhile.
EARLY = """
local partials, summary = unpack(KEYS)
if redis.call('LLEN', partials) ~= tonumber(ARGV[1]) then return 0 end
if redis.call('LINDEX', partials, -1) ~= ARGV[2] then return 0 end
redis.call('HSET', summary, 'early_intent', ARGV[3])
return 1
"""
