-- A sliding count: at most `limit` marks within `window` seconds. 0, or milliseconds to wait.
--@ keys marks
--@ args limit window_s mark

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local window = window_s * 1000
if redis.call('ZSCORE', marks, mark) then return 0 end
redis.call('ZREMRANGEBYSCORE', marks, '-inf', now - window)
if redis.call('ZCARD', marks) >= tonumber(limit) then
  local first = redis.call('ZRANGE', marks, 0, 0, 'WITHSCORES')[2]
  return math.max(1, first + window - now)
end
redis.call('ZADD', marks, now, mark)
redis.call('PEXPIRE', marks, window)
return 0
