-- The worker is still at it. 0 where it has lost the effect.
--@ keys effect open
--@ args member worker lease_s
--@ use clock

local state, holder = unpack(redis.call('HMGET', effect, 'state', 'worker'))
if state ~= 'running' or holder ~= worker then return 0 end
redis.call('HSET', effect, 'lease_until', stamp(now + lease_s))
redis.call('ZADD', open, stamp(now + lease_s), member)
return 1
