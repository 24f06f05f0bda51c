-- Queues the job that makes a report whose time has come; gives 1 where it did. The claim lapses
-- after `lease_s`; a report that was claimed `most` times in vain is given up (-1).
--@ keys work due job queue queues
--@ args call_id lease_s most job_id job_ttl_s job_fields
--@ use clock enqueue

local at = redis.call('ZSCORE', due, call_id)
if not at or tonumber(at) > now then return 0 end
if redis.call('HINCRBY', work, 'claims', 1) > tonumber(most) then
  redis.call('HDEL', work, 'claims')
  redis.call('ZREM', due, call_id)
  return -1
end
redis.call('ZADD', due, stamp(now + lease_s), call_id)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return 1
