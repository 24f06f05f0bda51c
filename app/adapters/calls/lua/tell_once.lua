-- Queues a job unless it was queued before under the same mark; gives 1 where it was queued.
--@ keys mark job queue queues
--@ args keep_s job_id job_ttl_s job_fields
--@ use enqueue

if not redis.call('SET', mark, '1', 'NX', 'EX', keep_s) then return 0 end
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return 1
