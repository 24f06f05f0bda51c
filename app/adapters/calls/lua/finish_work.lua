-- A job is through with a call: forget it, or wake it at `due`. A job queued meanwhile keeps its
-- own wake time.
--@ keys work wake
--@ args job_id call_id due

if redis.call('HGET', work, 'running') == job_id then redis.call('HDEL', work, 'running') end
if redis.call('HEXISTS', work, 'queued') == 1 then return 0 end
if due == '' then return redis.call('ZREM', wake, call_id) end
return redis.call('ZADD', wake, due, call_id)
