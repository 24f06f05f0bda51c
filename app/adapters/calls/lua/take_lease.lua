-- The newest socket gets the call: {fence, process before or '', state or '', status, seconds since
-- the first of the holders that took it from each other had it}.
-- The process that had it is told through its replies.
--@ keys summary lease state live recent
--@ args call_id process lease_s live_s keep_s most replies
--@ use clock heard_of

heard_of(summary, recent, call_id, keep_s, most)
if redis.call('HDEL', summary, 'lapsed') == 1 then  -- it only seemed to be over
  redis.call('HDEL', summary, 'ended_at')
  redis.call('HSET', summary, 'status', '"ongoing"')
end
local fence = redis.call('HINCRBY', summary, 'fence', 1)
local before = redis.call('HGET', lease, 'process')
local began = before and tonumber(redis.call('HGET', lease, 'began')) or now
redis.call('HSET', lease, 'process', process, 'fence', fence, 'until', stamp(now + lease_s),
           'began', stamp(began))
redis.call('EXPIRE', lease, live_s)
redis.call('ZADD', live, 'GT', stamp(now + lease_s), call_id)
redis.call('EXPIRE', live, keep_s)
if before then
  local stream = replies .. before
  redis.call('XADD', stream, 'MAXLEN', '~', 2000, '*', 'taken', call_id, 'fence', fence)
  redis.call('EXPIRE', stream, 120)
end
return {fence, before or '', redis.call('GET', state) or '', redis.call('HGET', summary, 'status'),
        stamp(now - began)}
