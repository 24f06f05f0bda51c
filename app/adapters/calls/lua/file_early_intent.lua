-- Files the early intent unless what it was read from is over or has grown meanwhile.
--@ keys partials summary
--@ args count newest early_intent

if redis.call('LLEN', partials) ~= tonumber(count) then return 0 end
if redis.call('LINDEX', partials, -1) ~= newest then return 0 end
redis.call('HSET', summary, 'early_intent', early_intent)
return 1
