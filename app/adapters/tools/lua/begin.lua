-- A worker begins: {'begun' | 'gone' | 'settled' | 'busy' | 'early' | 'exhausted', its fields}.
--@ keys effect open
--@ args member worker lease_s most_attempts
--@ use clock

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
