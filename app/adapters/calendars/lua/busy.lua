-- What takes time between `start` and `finish` (Unix seconds), without reading appointments whole.
--
-- Gives one line for each appointment, "id start end before after 1 resource", lengths in seconds.
--@ keys times starts meta
--@ args start finish

local from, to = tonumber(start), tonumber(finish)
local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')
local ids = redis.call('ZRANGEBYSCORE', starts, from - longest, to)
local lines = {}
for first = 1, #ids, 1000 do
  local last = math.min(first + 999, #ids)
  local found = redis.call('HMGET', times, unpack(ids, first, last))
  for offset, line in ipairs(found) do
    if line then
      local a, b, busy = string.match(line, '^(%d+) (%d+) %d+ %d+ (%d)')
      if busy == '1' and tonumber(a) < to and from < tonumber(b) then
        lines[#lines + 1] = ids[first + offset - 1] .. ' ' .. line
      end
    end
  end
end
return table.concat(lines, '\n')
