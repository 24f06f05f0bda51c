-- Looks after one open effect whose time has come: puts it on the queue again if its worker is
-- gone or its attempt is due. 'taken' | 'later' | 'queued' | 'gone' | 'exhausted'.
--@ keys effect open job queue queues
--@ args member start_s most_attempts job_id job_ttl_s job_fields
--@ use clock enqueue

local due = redis.call('ZSCORE', open, member)
if not due or tonumber(due) > now then return 'later' end
local state, lease_until, not_before, attempts, last_job = unpack(
  redis.call('HMGET', effect, 'state', 'lease_until', 'not_before', 'attempts', 'job'))
if state ~= 'asked' and state ~= 'running' then
  redis.call('ZREM', open, member)
  return 'gone'
end
if state == 'running' and tonumber(lease_until) > now then
  redis.call('ZADD', open, lease_until, member)
  return 'later'
end
if state == 'asked' and not_before and tonumber(not_before) > now then
  redis.call('ZADD', open, not_before, member)
  return 'later'
end
if state == 'asked' and redis.call('LPOS', queue, last_job) then
  redis.call('ZADD', open, stamp(now + start_s), member)
  return 'queued'
end
if tonumber(attempts) >= tonumber(most_attempts) then return 'exhausted' end
redis.call('HSET', effect, 'state', 'asked', 'job', job_id)
redis.call('HDEL', effect, 'lease_until', 'not_before')
redis.call('ZADD', open, stamp(now + start_s), member)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return 'taken'
