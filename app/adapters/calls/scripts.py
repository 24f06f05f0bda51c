"""The Lua behind `CallStore`: each script is one atomic step. Times are Redis's own clock.

Fields of a call's summary are JSON values, also where a script writes them.
"""

from __future__ import annotations

#: Unix time in seconds with milliseconds, as text that is a JSON number.
_NOW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local function stamp(at) return string.format('%.3f', at) end
"""

#: A call is heard of: it is in the index, its summary exists and lives on.
_HEARD_OF = """
local function heard_of(summary, recent, call_id, keep_s, most)
  redis.call('HSETNX', summary, 'first_at', stamp(now))
  redis.call('HSETNX', summary, 'status', '"ongoing"')
  redis.call('EXPIRE', summary, keep_s)
  if redis.call('ZADD', recent, 'NX', stamp(now), call_id) == 1 then
    redis.call('ZREMRANGEBYRANK', recent, 0, -most - 1)
    redis.call('ZREMRANGEBYSCORE', recent, '-inf', stamp(now - keep_s))
  end
  redis.call('EXPIRE', recent, keep_s)
end
"""

#: The newest socket gets the call: {fence, process before or '', state or '', status}.
#: The process that had it is told through its replies.
TAKE = (
    _NOW
    + _HEARD_OF
    + """
local summary, lease, state, live, recent = unpack(KEYS)
local call_id, process, lease_s, live_s, keep_s, most, replies = unpack(ARGV)
heard_of(summary, recent, call_id, keep_s, most)
local fence = redis.call('HINCRBY', summary, 'fence', 1)
local before = redis.call('HGET', lease, 'process')
redis.call('HSET', lease, 'process', process, 'fence', fence, 'until', stamp(now + lease_s))
redis.call('EXPIRE', lease, live_s)
redis.call('ZADD', live, 'GT', stamp(now + lease_s), call_id)
redis.call('EXPIRE', live, live_s)
if before then
  local stream = replies .. before
  redis.call('XADD', stream, 'MAXLEN', '~', 2000, '*', 'taken', call_id, 'fence', fence)
  redis.call('EXPIRE', stream, 120)
end
return {fence, before or '', redis.call('GET', state) or '', redis.call('HGET', summary, 'status')}
"""
)

#: The holder lives on. 0 where it is not the holder any more.
RENEW = (
    _NOW
    + """
local lease, live = unpack(KEYS)
local call_id, fence, lease_s, live_s = unpack(ARGV)
if redis.call('HGET', lease, 'fence') ~= fence then return 0 end
redis.call('HSET', lease, 'until', stamp(now + lease_s))
redis.call('EXPIRE', lease, live_s)
redis.call('ZADD', live, 'GT', stamp(now + lease_s), call_id)
redis.call('EXPIRE', live, live_s)
return 1
"""
)

#: The holder lets go; the call counts as live for a while yet, so that another socket can come.
RELEASE = (
    _NOW
    + """
local lease, live = unpack(KEYS)
local call_id, fence, grace_s = unpack(ARGV)
if redis.call('HGET', lease, 'fence') ~= fence then return 0 end
redis.call('DEL', lease)
redis.call('ZADD', live, 'XX', stamp(now + grace_s), call_id)
return 1
"""
)

#: The holder's state, with any fields of the summary. 0 where a newer socket has the call.
SAVE = """
local summary, state = unpack(KEYS)
local fence, blob, live_s, ended_s, keep_s = unpack(ARGV, 1, 5)
if redis.call('HGET', summary, 'fence') ~= fence then return 0 end
local over = redis.call('HEXISTS', summary, 'ended_at') == 1
redis.call('SET', state, blob, 'EX', over and ended_s or live_s)
if #ARGV > 5 then redis.call('HSET', summary, unpack(ARGV, 6)) end
redis.call('EXPIRE', summary, keep_s)
return 1
"""

#: Fields of the summary, from anybody. `live_for` seconds, if any, it counts as a live call.
MERGE = (
    _NOW
    + _HEARD_OF
    + """
local summary, live, recent = unpack(KEYS)
local call_id, live_for, keep_s, most = unpack(ARGV, 1, 4)
heard_of(summary, recent, call_id, keep_s, most)
if #ARGV > 4 then redis.call('HSET', summary, unpack(ARGV, 5)) end
if live_for ~= '0' and redis.call('HEXISTS', summary, 'ended_at') == 0 then
  redis.call('ZADD', live, 'GT', stamp(now + live_for), call_id)
  redis.call('EXPIRE', live, live_for)
end
return 1
"""
)

#: The call is over. What a resumed conversation would need goes soon, the story stays.
END = (
    _NOW
    + _HEARD_OF
    + """
local summary, state, lease, live, recent = unpack(KEYS)
local call_id, status, ended_s, keep_s, most = unpack(ARGV, 1, 5)
heard_of(summary, recent, call_id, keep_s, most)
if #ARGV > 5 then redis.call('HSET', summary, unpack(ARGV, 6)) end
redis.call('HSETNX', summary, 'ended_at', stamp(now))
redis.call('HSET', summary, 'status', status)
redis.call('EXPIRE', state, ended_s)
redis.call('DEL', lease)
redis.call('ZREM', live, call_id)
return 1
"""
)

#: Lines of the flight record, as one entry. 0 where the record is full.
RECORD = """
local record, summary, open, sizes = unpack(KEYS)
local most_entries, most_bytes, keep_s = unpack(ARGV, 1, 3)
local call_id = ARGV[5]
local size = redis.call('HINCRBY', summary, 'record_bytes', #ARGV[4])
redis.call('EXPIRE', summary, keep_s)
if size > tonumber(most_bytes) then
  redis.call('HSET', summary, 'record_full', 'true')
  return 0
end
redis.call('XADD', record, 'MAXLEN', '~', most_entries, '*', 'lines', ARGV[4])
redis.call('EXPIRE', record, keep_s)
redis.call('ZADD', open, redis.call('TIME')[1], call_id)
redis.call('EXPIRE', open, keep_s)
redis.call('HINCRBY', sizes, call_id, #ARGV[4])
redis.call('EXPIRE', sizes, keep_s)
return 1
"""
