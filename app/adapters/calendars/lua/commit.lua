-- The one script that writes to the embedded calendar.
--
-- `expected` is the appointment's JSON that must be there, or ''; `new` its new JSON. `takes_time`
-- is 1 or 0, `blocks` the version of the blocks it was checked against, `check` 1 to look for
-- conflicts; events that began before `oldest` are dropped. `phone` is '' where there is no number.
-- Times are Unix seconds, lengths seconds.
--
-- `places` is JSON, [[resource, capacity], ...]: with `check` the appointment gets the first of
-- them that is free, and `new` is without it; with none of them it takes the whole calendar.
-- `resource` is what it has where there is nothing to choose. `held` is JSON as well,
-- [[from, to, resource], ...]: what was blocked of resources by hand.
--
-- Gives {"ok", resource}, {"changed", JSON that is there instead}, {"blocks", ""} when the blocks
-- have another version, or {"taken", ""}.
--@ keys events times starts meta phone
--@ args id expected new start finish before after takes_time blocks ttl_s oldest margin check
--@ args places resource held

local from, to = tonumber(start), tonumber(finish)
before, after = tonumber(before), tonumber(after)
local current = redis.call('HGET', events, id) or ''
if current ~= expected then return {'changed', current} end
if (redis.call('HGET', meta, 'blocks') or '0') ~= blocks then return {'blocks', ''} end
local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')

-- What others have meanwhile: resource -> spans as this appointment sees them, '' is everything.
local near = {}
local function see(a, b, c, d, name)
  a, b = a - math.max(after, c), b + math.max(d, before)
  if from < b and a < to then
    near[name] = near[name] or {}
    table.insert(near[name], {a, b})
  end
end

local function most_at_once(spans)
  local most = 0
  for _, one in ipairs(spans) do
    local at, count = math.max(one[1], from), 0
    for _, other in ipairs(spans) do
      if other[1] <= at and at < other[2] then count = count + 1 end
    end
    most = math.max(most, count)
  end
  return most
end

local function is_free(name, capacity)
  local spans = near[name]
  if not spans or #spans < capacity then return true end
  return capacity > 1 and most_at_once(spans) < capacity
end

if check == '1' then
  margin = tonumber(margin)
  local ids = redis.call('ZRANGEBYSCORE', starts, from - longest - margin, to + margin)
  for _, other in ipairs(ids) do
    if other ~= id then
      local a, b, c, d, busy, name = string.match(
        redis.call('HGET', times, other) or '', '^(%d+) (%d+) (%d+) (%d+) (%d) ?(.*)$')
      if busy == '1' then
        see(tonumber(a), tonumber(b), tonumber(c), tonumber(d), name)
      end
    end
  end
  for _, block in ipairs(cjson.decode(held)) do see(block[1], block[2], 0, 0, block[3]) end
  local wanted = cjson.decode(places)
  if near[''] or (#wanted == 0 and next(near)) then return {'taken', ''} end
  if #wanted > 0 then
    resource = nil
    for _, place in ipairs(wanted) do
      if is_free(place[1], place[2]) then
        resource = place[1]
        break
      end
    end
    if not resource then return {'taken', ''} end
    new = string.sub(new, 1, -2) .. ',"resource":' .. cjson.encode(resource) .. '}'
  end
end
redis.call('HSET', events, id, new)
redis.call('HSET', times, id, string.format(
  '%d %d %d %d %s %s', from, to, before, after, takes_time, resource))
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
return {'ok', resource}
