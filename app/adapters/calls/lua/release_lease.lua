-- The holder lets go; the call counts as live for a while yet, so that another socket can come.
--@ keys lease live
--@ args call_id fence grace_s
--@ use clock

if redis.call('HGET', lease, 'fence') ~= fence then return 0 end
redis.call('DEL', lease)
redis.call('ZADD', live, 'XX', stamp(now + grace_s), call_id)
return 1
