"""The one script that writes to the embedded calendar.

KEYS: events, times, starts, meta, then any number of phone sets.
ARGV: id; the appointment's JSON that is expected there, or ""; its new JSON; start; end; buffers
before and after; 1 if it takes time, else 0; the version of the blocks it was checked against; TTL;
the start before which old events are dropped; the longest buffer; 1 to check for conflicts, else 0.
Times are Unix seconds, lengths seconds.

Gives {"ok", new JSON}, {"changed", JSON that is there instead}, {"blocks", ""} when the blocks have
another version, or {"taken", id of what is in the way}.
"""

from __future__ import annotations

COMMIT = """
local events, times, starts, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, expected, new = ARGV[1], ARGV[2], ARGV[3]
local from, to = tonumber(ARGV[4]), tonumber(ARGV[5])
local before, after = tonumber(ARGV[6]), tonumber(ARGV[7])
local current = redis.call('HGET', events, id) or ''
if current ~= expected then return {'changed', current} end
if (redis.call('HGET', meta, 'blocks') or '0') ~= ARGV[9] then return {'blocks', ''} end
local longest = tonumber(redis.call('HGET', meta, 'longest') or '0')
if ARGV[13] == '1' then
  local margin = tonumber(ARGV[12])
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
  '%d %d %d %d %s', from, to, before, after, ARGV[8]))
redis.call('ZADD', starts, from, id)
if to - from > longest then redis.call('HSET', meta, 'longest', to - from) end
for index = 5, #KEYS do
  redis.call('SADD', KEYS[index], id)
  redis.call('EXPIRE', KEYS[index], ARGV[10])
end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', starts, '-inf', ARGV[11], 'LIMIT', 0, 20)) do
  redis.call('HDEL', events, old)
  redis.call('HDEL', times, old)
  redis.call('ZREM', starts, old)
end
for index = 1, 4 do redis.call('EXPIRE', KEYS[index], ARGV[10]) end
return {'ok', new}
"""
