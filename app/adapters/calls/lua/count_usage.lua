-- Counts what a call has used by its day and month, and how it went by its day, by the difference
-- to what was counted of it before: counted again it changes nothing.
--@ keys mine day month days
--@ args counts figures member at keep_s mine_s
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
local before = redis.call('HGET', mine, 'figures') or '{}'
if before ~= figures then
  local was, is = cjson.decode(before), cjson.decode(figures)
  for name, value in pairs(was) do
    if not is[name] then is[name] = 0 end
  end
  for name, value in pairs(is) do
    local more = value - (was[name] or 0)
    if more ~= 0 and redis.call('HINCRBY', day, name, more) == 0 then
      redis.call('HDEL', day, name)
    end
  end
  redis.call('HSET', mine, 'figures', figures)
end
if redis.call('EXISTS', day) == 1 then redis.call('ZADD', days, at, member) end
redis.call('EXPIRE', mine, mine_s)
for _, key in ipairs({day, month, days}) do redis.call('EXPIRE', key, keep_s) end
redis.call('ZREMRANGEBYSCORE', days, '-inf', at - keep_s)
return changed
