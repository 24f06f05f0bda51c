-- Takes an event that belongs to no call into a bounded list. Gives "duplicate" or "stored".
--@ keys seen list
--@ args now seen_ms keep_ms entry

if not redis.call('SET', seen, now, 'NX', 'PX', seen_ms) then return 'duplicate' end
redis.call('LPUSH', list, entry)
redis.call('LTRIM', list, 0, 199)
redis.call('PEXPIRE', list, keep_ms)
return 'stored'
