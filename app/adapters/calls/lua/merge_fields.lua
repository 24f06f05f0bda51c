-- Fields of the summary, from anybody. `live_for` seconds, if any, it counts as a live call.
--@ keys summary live recent
--@ args call_id live_for keep_s most
--@ rest fields
--@ use clock heard_of

heard_of(summary, recent, call_id, keep_s, most)
if #fields > 0 then redis.call('HSET', summary, unpack(fields)) end
if live_for ~= '0' and redis.call('HEXISTS', summary, 'ended_at') == 0 then
  redis.call('ZADD', live, 'GT', stamp(now + live_for), call_id)
  redis.call('EXPIRE', live, keep_s)
end
return 1
