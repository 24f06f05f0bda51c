-- Takes one event about a call. An empty `job_id` means that it needs no job.
-- Facts are kept by how final they are (`rank`), so their order of arrival does not matter.
-- Gives "duplicate", "stored", "queued" where a job was put on the queue, or "foreign" where the
-- request's signature has opened another route.
--@ keys seen signature facts events heard partials work wake recent summary job queue queues
--@ args now seen_ms call_id story_ms work_ms rank blob status channel counter entry
--@ args progress transcript said partial signature_ms wake_at job_id job_ttl_s job_fields
--@ use enqueue

if signature_ms ~= '' then
  local route = redis.call('GET', signature)
  if route then return route == 'webhook' and 'duplicate' or 'foreign' end
  redis.call('SET', signature, 'webhook', 'PX', signature_ms)
end
if not redis.call('SET', seen, now, 'NX', 'PX', seen_ms) then return 'duplicate' end
if blob ~= '' then redis.call('HSET', facts, 'rank:' .. rank, blob) end
if counter ~= '' then redis.call('HINCRBY', facts, counter, 1) end
if transcript ~= '' and
   tonumber(progress) >= tonumber(redis.call('HGET', facts, 'progress') or '-1') then
  redis.call('HSET', facts, 'progress', progress, 'transcript', transcript)
end
redis.call('HSETNX', summary, 'first_at', now / 1000)
redis.call('HSETNX', summary, 'channel', channel)
if status ~= '' and tonumber(rank) >= tonumber(redis.call('HGET', facts, 'rank') or '-1') then
  redis.call('HSET', facts, 'rank', rank)
  redis.call('HSET', summary, 'status', status)
else
  redis.call('HSETNX', summary, 'status', '"ongoing"')
end
redis.call('HSET', facts, 'last_ms', now)
redis.call('PEXPIRE', summary, story_ms)
redis.call('PEXPIRE', facts, work_ms)
redis.call('RPUSH', events, entry)
redis.call('LTRIM', events, -1000, -1)
redis.call('PEXPIRE', events, story_ms)
if said ~= '' then
  redis.call('RPUSH', heard, said)
  redis.call('LTRIM', heard, -500, -1)
  redis.call('PEXPIRE', heard, work_ms)
  redis.call('DEL', partials)
  redis.call('HDEL', summary, 'early_intent')
elseif partial ~= '' then
  redis.call('RPUSH', partials, partial)
  redis.call('LTRIM', partials, -50, -1)
  redis.call('PEXPIRE', partials, 60000)
end
redis.call('ZADD', recent, 'NX', now / 1000, call_id)
if job_id == '' then return 'stored' end
if redis.call('HSETNX', work, 'queued', job_id) == 0 then return 'stored' end
redis.call('PEXPIRE', work, work_ms)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
redis.call('ZADD', wake, wake_at, call_id)
return 'queued'
