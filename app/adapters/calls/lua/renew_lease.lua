-- The holder lives on. 0 where it is not the holder any more.
--@ keys lease live
--@ args call_id fence lease_s live_s keep_s
--@ use clock

if redis.call('HGET', lease, 'fence') ~= fence then return 0 end
redis.call('HSET', lease, 'until', stamp(now + lease_s))
redis.call('EXPIRE', lease, live_s)
redis.call('ZADD', live, 'GT', stamp(now + lease_s), call_id)
redis.call('EXPIRE', live, keep_s)
return 1
