-- The first to come has it: 1 where the owner is `owner`, now or before.
--@ keys bond
--@ args owner ttl_s

redis.call('SET', bond, owner, 'NX', 'EX', ttl_s)
return redis.call('GET', bond) == owner and 1 or 0
