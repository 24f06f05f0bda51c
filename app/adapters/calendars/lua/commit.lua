-- The one script that writes to the embedded calendar.
--
-- `expected` is the appointment's JSON that must be there, or ''; `new` its new JSON. `takes_time`
-- is 1 or 0, `blocks` the version of the blocks it was checked against, `check` 1 to look for
-- conflicts; events that began before `oldest` are dropped. `phone` is '' where there is no number.
-- Times are Unix seconds, lengths seconds.
--
-- Gives {"ok", new}, {"changed", JSON that is there instead}, {"blocks", ""} when the blocks have
-- another version, or {"taken", id of what is in the way}.
--@ keys events times starts meta phone
--@ args id expected new start finish before after takes_time blocks ttl_s oldest margin check

local from, to = tonumber(start), tonumber(finish)
before, after = tonumber(before), tonumber(after)
local current = redis.call('HGET', events, id) or ''
if current ~= expected then return {'changed', current} end
if (redis.call('HGET', meta, 'blocks') or '0') ~= blocks then return {'blocks', ''} end
local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')
if check == '1' then
  margin = tonumber(margin)
  local near = redis.call('ZRANGEBYSCORE', starts, from - longest - margin, to + margin)
  for _, other in ipairs(near) do
    if other ~= id then
      local a, b, c, d, busy = string.match(
        redis.call('HGET', times, other) or '', '^(%d+) (%d+) (%d+) (%d+) (%d)$')
      if busy == '1' then
        if from < tonumber(b) + math.max(tonumber(d), before)
            and tonumber(a) < to + math.max(after, tonumber(c)) then
          return {'taken', other}
        end
      end
    end
  end
end
redis.call('HSET', events, id, new)
redis.call('HSET', times, id, string.format(
  '%d %d %d %d %s', from, to, before, after, takes_time))
redis.call('ZADD', starts, from, id)
if to - from > longest then redis.call('HSET', meta, 'longest', to - from) end
if phone ~= '' then
  redis.call('SADD', phone, id)
  redis.call('EXPIRE', phone, ttl_s)
end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', starts, '-inf', oldest, 'LIMIT', 0, 20)) do
  redis.call('HDEL', events, old)
  redis.call('HDEL', times, old)
  redis.call('ZREM', starts, old)
end
for _, key in ipairs({events, times, starts, meta}) do redis.call('EXPIRE', key, ttl_s) end
return {'ok', new}
