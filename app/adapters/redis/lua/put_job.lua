-- Puts a job on its queue.
--@ keys job queue queues
--@ args job_id job_ttl_s job_fields
--@ use enqueue

enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return 1
