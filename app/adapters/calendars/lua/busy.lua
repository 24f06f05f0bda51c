-- What may take time between `start` and `finish` (Unix seconds), without reading appointments whole.
--
-- Gives one line for each appointment that begins early enough to reach into it, cancelled ones
-- included, in order of their start: "id start end before after takes_time resource".
--@ keys times starts meta
--@ args start finish

local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')
local ids = redis.call('ZRANGEBYSCORE', starts, tonumber(start) - longest, finish)
local lines = {}
for first = 1, #ids, 1000 do
  local last = math.min(first + 999, #ids)
  local found = redis.call('HMGET', times, unpack(ids, first, last))
  for offset, line in ipairs(found) do
    if line then lines[#lines + 1] = ids[first + offset - 1] .. ' ' .. line end
  end
end
return table.concat(lines, '\n')
