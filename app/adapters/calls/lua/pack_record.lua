-- Replaces what was read by one entry, unless something was added meanwhile.
--@ keys record open packed sizes
--@ args last blob keep_s call_id

local newest = redis.call('XREVRANGE', record, '+', '-', 'COUNT', 1)[1]
if not newest or newest[1] ~= last then return 0 end
local left = redis.call('TTL', record)
redis.call('DEL', record)
redis.call('XADD', record, last, 'packed', blob)
redis.call('EXPIRE', record, math.max(1, left))
redis.call('ZADD', packed, redis.call('ZSCORE', open, call_id) or 0, call_id)
redis.call('EXPIRE', packed, keep_s)
redis.call('ZREM', open, call_id)
redis.call('HSET', sizes, call_id, #blob)
return 1
