-- A call is heard of: it is in the index, its summary exists and lives on. Uses clock.
local function heard_of(summary, recent, call_id, keep_s, most)
  redis.call('HSETNX', summary, 'first_at', stamp(now))
  redis.call('HSETNX', summary, 'status', '"ongoing"')
  redis.call('EXPIRE', summary, keep_s)
  if redis.call('ZADD', recent, 'NX', stamp(now), call_id) == 1 then
    redis.call('ZREMRANGEBYRANK', recent, 0, -most - 1)
    redis.call('ZREMRANGEBYSCORE', recent, '-inf', stamp(now - keep_s))
  end
  redis.call('EXPIRE', recent, keep_s)
end
