-- The call is over. What a resumed conversation would need goes soon, the story stays.
--@ keys summary state lease live recent
--@ args call_id status ended_s keep_s most
--@ rest fields
--@ use clock heard_of

heard_of(summary, recent, call_id, keep_s, most)
if #fields > 0 then redis.call('HSET', summary, unpack(fields)) end
redis.call('HSETNX', summary, 'ended_at', stamp(now))
redis.call('HSET', summary, 'status', status)
redis.call('EXPIRE', state, ended_s)
redis.call('DEL', lease)
redis.call('ZREM', live, call_id)
return 1
