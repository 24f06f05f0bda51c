-- Ties a token and a call to each other, at the first use of both: "open", or why not.
--@ keys tie opener summary
--@ args call_id nonce fresh ttl_s

local status = redis.call('HGET', summary, 'status')
if status and status ~= '"ongoing"' then return 'the call has ended' end
local owner = redis.call('GET', tie)
if owner and owner ~= call_id then return 'it belongs to another call' end
if not owner and fresh == '0' then return 'it has lapsed' end
local other = redis.call('GET', opener)
if other and other ~= nonce then return 'the call was opened by another token' end
if not other and redis.call('HEXISTS', summary, 'fence') == 1 then
  return 'the call was opened before'
end
redis.call('SET', tie, call_id, 'EX', ttl_s)
redis.call('SET', opener, nonce, 'EX', ttl_s)
return 'open'
