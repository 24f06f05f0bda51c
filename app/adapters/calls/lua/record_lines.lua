-- Lines of the flight record, as one entry. 0 where the record is full.
--@ keys record summary open sizes
--@ args most_entries most_bytes keep_s lines call_id

local size = redis.call('HINCRBY', summary, 'record_bytes', #lines)
redis.call('EXPIRE', summary, keep_s)
if size > tonumber(most_bytes) then
  redis.call('HSET', summary, 'record_full', 'true')
  return 0
end
redis.call('XADD', record, 'MAXLEN', '~', most_entries, '*', 'lines', lines)
redis.call('EXPIRE', record, keep_s)
redis.call('ZADD', open, redis.call('TIME')[1], call_id)
redis.call('EXPIRE', open, keep_s)
redis.call('HINCRBY', sizes, call_id, #lines)
redis.call('EXPIRE', sizes, keep_s)
return 1
