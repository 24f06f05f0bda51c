-- The time of a call has come. Queues a job unless one is on its way; gives 1 where it did.
-- RQ keeps a job's state: one that waits for a worker or a retry is left alone, one that was given
-- up is in the dead letters, and of one that was started nothing was heard for too long.
--@ keys work wake job queue queues
--@ args now call_id wake_at work_ms prefix job_id job_ttl_s job_fields
--@ use enqueue

local due = redis.call('ZSCORE', wake, call_id)
if not due or tonumber(due) > tonumber(now) then return 0 end
local function state(field)
  local known = redis.call('HGET', work, field)
  return known and (redis.call('HGET', prefix .. known, 'status') or 'lost')
end
local queued, running = state('queued'), state('running')
for _, status in ipairs({queued or '', running or ''}) do
  if status == 'queued' or status == 'scheduled' or status == 'deferred' then
    redis.call('ZADD', wake, wake_at, call_id)
    return 0
  elseif status == 'failed' then
    redis.call('ZREM', wake, call_id)
    redis.call('HDEL', work, 'queued', 'running')
    return 0
  end
end
redis.call('HSET', work, 'queued', job_id)
redis.call('PEXPIRE', work, work_ms)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
redis.call('ZADD', wake, wake_at, call_id)
return 1
