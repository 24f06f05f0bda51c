-- The holder's state, with any fields of the summary. 0 where a newer socket has the call.
--@ keys summary state
--@ args fence blob live_s ended_s keep_s
--@ rest fields

if redis.call('HGET', summary, 'fence') ~= fence then return 0 end
local over = redis.call('HEXISTS', summary, 'ended_at') == 1
redis.call('SET', state, blob, 'EX', over and ended_s or live_s)
if #fields > 0 then redis.call('HSET', summary, unpack(fields)) end
redis.call('EXPIRE', summary, keep_s)
return 1
