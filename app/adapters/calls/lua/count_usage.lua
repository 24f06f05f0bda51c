-- Counts what a call has used by its day and month, by the difference to what was counted of it
-- before: counted again it changes nothing.
--@ keys mine day month days
--@ args counts member at keep_s mine_s
local changed = 0
for name, value in pairs(cjson.decode(counts)) do
  local more = value - tonumber(redis.call('HGET', mine, name) or '0')
  if more ~= 0 then
    redis.call('HINCRBY', day, name, more)
    redis.call('HINCRBY', month, name, more)
    redis.call('HSET', mine, name, value)
    changed = 1
  end
end
if changed == 1 then redis.call('ZADD', days, at, member) end
redis.call('EXPIRE', mine, mine_s)
for _, key in ipairs({day, month, days}) do redis.call('EXPIRE', key, keep_s) end
redis.call('ZREMRANGEBYSCORE', days, '-inf', at - keep_s)
return changed
