-- A person wants a given-up effect tried again. 0 where it is not one.
--@ keys effect open dead job queue queues
--@ args member start_s deadline_s keep_s job_id job_ttl_s job_fields
--@ use clock enqueue

if redis.call('HGET', effect, 'state') ~= 'failed' then return 0 end
redis.call('HDEL', effect, 'result', 'ok', 'ended_at', 'started_at', 'error', 'worker')
redis.call('HINCRBY', effect, 'round', 1)
redis.call('HSET', effect, 'state', 'asked', 'attempts', 0, 'job', job_id,
           'deadline', stamp(now + deadline_s))
redis.call('EXPIRE', effect, keep_s)
redis.call('ZREM', dead, member)
redis.call('ZADD', open, stamp(now + start_s), member)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return 1
