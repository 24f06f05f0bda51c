-- Puts a job that was popped and never started back at the front of its queue.
--@ keys popped queue
--@ args prefix job_id

if redis.call('LREM', popped, 1, job_id) == 0 then return 0 end
if redis.call('EXISTS', prefix .. job_id) == 0 then return 0 end
redis.call('LPUSH', queue, job_id)
return 1
