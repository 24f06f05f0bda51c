"""The Lua behind `EffectStore`: each script is one step of an effect's life. Times are Redis's.

asked -> running -> done | failed; asked -> superseded; running -> asked when an attempt is lost.
A settled effect is asked anew only by a new tool call, and only where its result may be outdated.

`effects:open` holds every effect that is not settled, by the time at which somebody must look
after it: its worker has not begun, its lease has lapsed, or its next attempt is due.
"""

from __future__ import annotations

_NOW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local function stamp(at) return string.format('%.3f', at) end
"""

#: Puts a job on its queue as `app.adapters.queue.Prepared` says.
_PUSH = """
local function push(job, queue, queues, job_id, ttl_s, fields)
  redis.call('HSET', job, unpack(fields))
  redis.call('EXPIRE', job, ttl_s)
  redis.call('SADD', queues, queue)
  redis.call('RPUSH', queue, job_id)
end
local function tail(from)
  local out = {}
  for i = from, #ARGV do out[#out + 1] = ARGV[i] end
  return out
end
"""

#: Tells everyone who waits: the process named when it was asked, else whoever holds the call now.
_REPLY = """
local function reply(effect, lease, prefix, call_id, key, state, result)
  local round = redis.call('HGET', effect, 'round')
  local holder = redis.call('HGET', lease, 'process')
  local all, waiting = redis.call('HGETALL', effect), {}
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'w:' then
      local asked_in, target = string.match(all[i + 1], '^(%d+)|(.*)$')
      if target == '' then target = holder end
      if asked_in == round and target then
        waiting[target] = waiting[target] or {}
        table.insert(waiting[target], string.sub(all[i], 3))
      end
    end
  end
  for target, ids in pairs(waiting) do
    local stream = prefix .. target
    redis.call('XADD', stream, 'MAXLEN', '~', 2000, '*', 'call', call_id, 'key', key,
               'ids', cjson.encode(ids), 'state', state, 'result', result)
    redis.call('EXPIRE', stream, 120)
  end
end
"""

#: Asks for an effect: {1 new or asked anew | 0 known | -1 too many in this call, its fields}.
#: A known one is asked anew by a new tool call when it failed, was superseded, came out badly, or
#: (`again`) is a mere reading.
ASK = (
    _NOW
    + _PUSH
    + """
local effect, index, open, job, queue, queues = unpack(KEYS)
local key, member, tool, arguments, context = unpack(ARGV, 1, 5)
local tool_call_id, reply_to, deadline_s, start_s, keep_s = unpack(ARGV, 6, 10)
local again, most, most_rounds, job_id, job_ttl_s = unpack(ARGV, 11, 15)
local state = redis.call('HGET', effect, 'state')
local waiter = 'w:' .. tool_call_id
local round = 1
if state then
  local known = redis.call('HEXISTS', effect, waiter) == 1
  round = tonumber(redis.call('HGET', effect, 'round'))
  local anew = not known and round < tonumber(most_rounds) and
    (state == 'failed' or state == 'superseded' or
     (state == 'done' and (again == '1' or redis.call('HGET', effect, 'ok') ~= '1')))
  if not anew then
    redis.call('HSET', effect, waiter, round .. '|' .. reply_to)
    return {0, redis.call('HGETALL', effect)}
  end
  round = round + 1
  redis.call('HDEL', effect, 'result', 'ok', 'ended_at', 'started_at', 'error', 'worker',
             'lease_until', 'not_before')
  redis.call('ZREM', KEYS[7], member)
elseif redis.call('ZCARD', index) >= tonumber(most) then
  return {-1, {}}
end
redis.call('HSET', effect, 'key', key, 'state', 'asked', 'tool', tool, 'arguments', arguments,
           'context', context, 'asked_at', stamp(now), 'deadline', stamp(now + deadline_s),
           'attempts', 0, 'round', round, 'job', job_id, waiter, round .. '|' .. reply_to)
redis.call('EXPIRE', effect, keep_s)
redis.call('ZADD', index, stamp(now), key)
redis.call('EXPIRE', index, keep_s)
redis.call('ZADD', open, stamp(now + start_s), member)
redis.call('EXPIRE', open, keep_s)
push(job, queue, queues, job_id, job_ttl_s, tail(16))
return {1, redis.call('HGETALL', effect)}
"""
)

#: A worker begins: {'begun' | 'gone' | 'settled' | 'busy' | 'early' | 'exhausted', its fields}.
BEGIN = (
    _NOW
    + """
local effect, open = unpack(KEYS)
local member, worker, lease_s, most_attempts = unpack(ARGV)
local found = redis.call('HMGET', effect, 'state', 'lease_until', 'not_before', 'attempts')
local state, lease_until, not_before, attempts = unpack(found)
if not state then return {'gone', {}} end
if state ~= 'asked' and state ~= 'running' then return {'settled', {}} end
if state == 'running' and tonumber(lease_until) > now then return {'busy', {}} end
if not_before and tonumber(not_before) > now then return {'early', {}} end
if tonumber(attempts) >= tonumber(most_attempts) then return {'exhausted', {}} end
redis.call('HSET', effect, 'state', 'running', 'worker', worker, 'started_at', stamp(now),
           'lease_until', stamp(now + lease_s))
redis.call('HDEL', effect, 'not_before')
redis.call('HINCRBY', effect, 'attempts', 1)
redis.call('ZADD', open, stamp(now + lease_s), member)
return {'begun', redis.call('HGETALL', effect)}
"""
)

#: The worker is still at it. 0 where it has lost the effect.
RENEW = (
    _NOW
    + """
local effect, open = unpack(KEYS)
local member, worker, lease_s = unpack(ARGV)
local state, holder = unpack(redis.call('HMGET', effect, 'state', 'worker'))
if state ~= 'running' or holder ~= worker then return 0 end
redis.call('HSET', effect, 'lease_until', stamp(now + lease_s))
redis.call('ZADD', open, stamp(now + lease_s), member)
return 1
"""
)

#: The effect ends. Without a worker it may be ended only while nobody is at it.
#: 0 where it is not the worker's (any more).
FINISH = (
    _NOW
    + _REPLY
    + """
local effect, open, lease, dead = unpack(KEYS)
local member, worker, state, ok, result = unpack(ARGV, 1, 5)
local call_id, key, prefix, keep_s, is_dead, error = unpack(ARGV, 6, 11)
local now_state, holder, lease_until =
  unpack(redis.call('HMGET', effect, 'state', 'worker', 'lease_until'))
if now_state ~= 'asked' and now_state ~= 'running' then return 0 end
if worker ~= '' then
  if now_state ~= 'running' or holder ~= worker then return 0 end
elseif now_state == 'running' and tonumber(lease_until) > now then
  return 0
end
redis.call('HSET', effect, 'state', state, 'ok', ok, 'result', result, 'ended_at', stamp(now))
if error ~= '' then redis.call('HSET', effect, 'error', error) end
redis.call('HDEL', effect, 'lease_until', 'not_before')
redis.call('EXPIRE', effect, keep_s)
redis.call('ZREM', open, member)
if is_dead == '1' then
  redis.call('ZADD', dead, stamp(now), member)
  redis.call('ZREMRANGEBYRANK', dead, 0, -1001)
  redis.call('EXPIRE', dead, keep_s)
end
reply(effect, lease, prefix, call_id, key, state, result)
return 1
"""
)

#: The attempt failed; there is another one in `delay_s`. 0 where it is not the worker's any more.
POSTPONE = (
    _NOW
    + """
local effect, open = unpack(KEYS)
local member, worker, delay_s, error = unpack(ARGV)
local state, holder = unpack(redis.call('HMGET', effect, 'state', 'worker'))
if state ~= 'running' or holder ~= worker then return 0 end
redis.call('HSET', effect, 'state', 'asked', 'not_before', stamp(now + delay_s), 'error', error)
redis.call('HDEL', effect, 'lease_until')
redis.call('ZADD', open, stamp(now + delay_s), member)
return 1
"""
)

#: The caller wants something else. Only what nobody has begun can be taken back.
SUPERSEDE = (
    _NOW
    + _REPLY
    + """
local effect, open, lease = unpack(KEYS)
local member, call_id, key, prefix, result = unpack(ARGV)
local state, attempts = unpack(redis.call('HMGET', effect, 'state', 'attempts'))
if state ~= 'asked' or attempts ~= '0' then return 0 end
redis.call('HSET', effect, 'state', 'superseded', 'ok', '0', 'result', result,
           'ended_at', stamp(now))
redis.call('ZREM', open, member)
reply(effect, lease, prefix, call_id, key, 'superseded', result)
return 1
"""
)

#: Looks after one open effect whose time has come: puts it on the queue again if its worker is
#: gone or its attempt is due. 'taken' | 'later' | 'queued' | 'gone' | 'exhausted'.
TAKE_UP = (
    _NOW
    + _PUSH
    + """
local effect, open, job, queue, queues = unpack(KEYS)
local member, start_s, most_attempts, job_id, job_ttl_s = unpack(ARGV, 1, 5)
local due = redis.call('ZSCORE', open, member)
if not due or tonumber(due) > now then return 'later' end
local state, lease_until, not_before, attempts, last_job = unpack(
  redis.call('HMGET', effect, 'state', 'lease_until', 'not_before', 'attempts', 'job'))
if state ~= 'asked' and state ~= 'running' then
  redis.call('ZREM', open, member)
  return 'gone'
end
if state == 'running' and tonumber(lease_until) > now then
  redis.call('ZADD', open, lease_until, member)
  return 'later'
end
if state == 'asked' and not_before and tonumber(not_before) > now then
  redis.call('ZADD', open, not_before, member)
  return 'later'
end
if state == 'asked' and redis.call('LPOS', queue, last_job) then
  redis.call('ZADD', open, stamp(now + start_s), member)
  return 'queued'
end
if tonumber(attempts) >= tonumber(most_attempts) then return 'exhausted' end
redis.call('HSET', effect, 'state', 'asked', 'job', job_id)
redis.call('HDEL', effect, 'lease_until', 'not_before')
redis.call('ZADD', open, stamp(now + start_s), member)
push(job, queue, queues, job_id, job_ttl_s, tail(6))
return 'taken'
"""
)

#: A person wants a given-up effect tried again. 0 where it is not one.
REVIVE = (
    _NOW
    + _PUSH
    + """
local effect, open, dead, job, queue, queues = unpack(KEYS)
local member, start_s, deadline_s, keep_s, job_id, job_ttl_s = unpack(ARGV, 1, 6)
if redis.call('HGET', effect, 'state') ~= 'failed' then return 0 end
redis.call('HDEL', effect, 'result', 'ok', 'ended_at', 'started_at', 'error', 'worker')
redis.call('HINCRBY', effect, 'round', 1)
redis.call('HSET', effect, 'state', 'asked', 'attempts', 0, 'job', job_id,
           'deadline', stamp(now + deadline_s))
redis.call('EXPIRE', effect, keep_s)
redis.call('ZREM', dead, member)
redis.call('ZADD', open, stamp(now + start_s), member)
push(job, queue, queues, job_id, job_ttl_s, tail(7))
return 1
"""
)
