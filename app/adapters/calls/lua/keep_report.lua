-- Keeps a report if it differs from the one before, and queues the job that tells of it; gives the
-- revision, 0 where nothing has changed, -1 where it has been changed too often.
--@ keys report job queue queues
--@ args digest body most keep_s job_id job_ttl_s job_fields
--@ use clock enqueue

if redis.call('HGET', report, 'digest') == digest then return 0 end
local revision = tonumber(redis.call('HGET', report, 'revision') or '0') + 1
if revision > tonumber(most) then return -1 end
redis.call('HSET', report, 'digest', digest, 'body', body, 'revision', revision, 'made_at',
           stamp(now))
redis.call('EXPIRE', report, keep_s)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return revision
