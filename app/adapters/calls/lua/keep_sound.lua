-- A stretch of a call's sound that ends at the sample `at`. 0 where the recording is full; 1 else,
-- also where a newer socket of the call has written later sound.
--@ keys sound summary lapsing sizes
--@ args at length caller agent most_bytes keep_s summary_s call_id

local size = tonumber(redis.call('HGET', sizes, call_id) or '0') + #caller + #agent
if size > tonumber(most_bytes) then return 0 end
local newest = redis.call('XREVRANGE', sound, '+', '-', 'COUNT', 1)[1]
if newest and tonumber(string.match(newest[1], '^%d+')) >= tonumber(at) then return 1 end
redis.call('XADD', sound, at .. '-0', 'length', length, 'caller', caller, 'agent', agent)
redis.call('EXPIRE', sound, keep_s)
redis.call('HSET', sizes, call_id, size)
redis.call('ZADD', lapsing, redis.call('TIME')[1] + keep_s, call_id)
for _, index in ipairs({sizes, lapsing}) do
  if redis.call('TTL', index) < tonumber(keep_s) then redis.call('EXPIRE', index, keep_s) end
end
redis.call('HSET', summary, 'recorded', 'true')
redis.call('EXPIRE', summary, summary_s)
return 1
