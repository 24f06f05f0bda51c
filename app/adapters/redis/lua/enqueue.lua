-- Puts a job on its queue as RQ does. `fields` is a JSON object of texts (`app.adapters.queue`).
local function enqueue(job, queue, queues, job_id, job_ttl_s, fields)
  local flat = {}
  for name, value in pairs(cjson.decode(fields)) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', job, unpack(flat))
  redis.call('EXPIRE', job, job_ttl_s)
  redis.call('SADD', queues, queue)
  redis.call('RPUSH', queue, job_id)
end
