-- The attempt failed; there is another one in `delay_s`. 0 where it is not the worker's any more.
--@ keys effect open
--@ args member worker delay_s error
--@ use clock

local state, holder = unpack(redis.call('HMGET', effect, 'state', 'worker'))
if state ~= 'running' or holder ~= worker then return 0 end
redis.call('HSET', effect, 'state', 'asked', 'not_before', stamp(now + delay_s), 'error', error)
redis.call('HDEL', effect, 'lease_until')
redis.call('ZADD', open, stamp(now + delay_s), member)
return 1
