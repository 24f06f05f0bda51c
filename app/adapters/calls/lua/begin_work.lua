-- A job begins with a call: from now on events need a new job. Gives the facts, what was heard,
-- the actions it led to, the summary, and the keys of the call's effects.
--@ keys work wake facts heard acts summary effects
--@ args job_id call_id wake_at

redis.call('HDEL', work, 'queued')
redis.call('HSET', work, 'running', job_id)
redis.call('ZADD', wake, wake_at, call_id)
return {redis.call('HGETALL', facts), redis.call('LRANGE', heard, 0, -1),
        redis.call('LRANGE', acts, 0, -1), redis.call('HGETALL', summary),
        redis.call('ZRANGE', effects, 0, -1)}
