-- Moves jobs whose time has come from RQ's schedule to their queue: gives how many.
--@ keys schedule queue
--@ args prefix

local clock = redis.call('TIME')
local due = redis.call('ZRANGEBYSCORE', schedule, '-inf', clock[1], 'LIMIT', 0, 100)
for _, id in ipairs(due) do
  redis.call('ZREM', schedule, id)
  if redis.call('EXISTS', prefix .. id) == 1 then
    redis.call('HSET', prefix .. id, 'status', 'queued')
    redis.call('RPUSH', queue, id)
  end
end
return #due
