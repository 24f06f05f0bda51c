-- What may take time between `start` and `finish` (Unix seconds); reads no appointment whole.
--
-- Gives two texts of as many lines each, in order of their start: the ids of the appointments that
-- begin early enough to reach into it, cancelled ones included, and what is kept of their times,
-- "start end before after takes_time resource" or nothing.
--@ keys times starts meta
--@ args start finish

local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')
local ids = redis.call('ZRANGEBYSCORE', starts, tonumber(start) - longest, finish)
local parts = {}
for first = 1, #ids, 4000 do
  local last = math.min(first + 3999, #ids)
  local found = redis.call('HMGET', times, unpack(ids, first, last))
  for at = 1, last - first + 1 do
    if not found[at] then found[at] = '' end
  end
  parts[#parts + 1] = table.concat(found, '\n')
end
return {table.concat(ids, '\n'), table.concat(parts, '\n')}
