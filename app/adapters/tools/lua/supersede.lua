-- The caller wants something else. Only what nobody has begun can be taken back.
--@ keys effect open lease
--@ args member call_id key prefix result
--@ use clock reply

local state, attempts = unpack(redis.call('HMGET', effect, 'state', 'attempts'))
if state ~= 'asked' or attempts ~= '0' then return 0 end
redis.call('HSET', effect, 'state', 'superseded', 'ok', '0', 'result', result,
           'ended_at', stamp(now))
redis.call('ZREM', open, member)
reply(effect, lease, prefix, call_id, key, 'superseded', result)
return 1
