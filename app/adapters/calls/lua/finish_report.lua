-- A report was made from what was known at `touched`, or is put off by `later_s` seconds.
--@ keys work due
--@ args call_id touched later_s
--@ use clock

redis.call('HDEL', work, 'claims')
if later_s ~= '' then
  redis.call('ZADD', due, stamp(now + later_s), call_id)
elseif (redis.call('HGET', work, 'touched') or '') == touched then
  redis.call('ZREM', due, call_id)
else
  redis.call('ZADD', due, stamp(now), call_id)
end
return 1
