-- Asks for an effect: {1 new or asked again | 0 known | -1 too many in this call, its fields}.
-- A known one is asked again by a new tool call when it failed, was superseded, came out badly, or
-- (`again`) is a mere reading.
--@ keys effect index open dead job queue queues
--@ args key member tool arguments context tool_call_id reply_to deadline_s start_s keep_s
--@ args again most most_rounds job_id job_ttl_s job_fields
--@ use clock enqueue

local state = redis.call('HGET', effect, 'state')
local waiter = 'w:' .. tool_call_id
local round = 1
if state then
  local known = redis.call('HEXISTS', effect, waiter) == 1
  round = tonumber(redis.call('HGET', effect, 'round'))
  local anew = not known and round < tonumber(most_rounds) and
    (state == 'failed' or state == 'superseded' or
     (state == 'done' and (again == '1' or redis.call('HGET', effect, 'ok') ~= '1')))
  if not anew then
    redis.call('HSET', effect, waiter, round .. '|' .. reply_to)
    return {0, redis.call('HGETALL', effect)}
  end
  round = round + 1
  redis.call('HDEL', effect, 'result', 'ok', 'ended_at', 'started_at', 'error', 'worker',
             'lease_until', 'not_before')
  redis.call('ZREM', dead, member)
elseif redis.call('ZCARD', index) >= tonumber(most) then
  return {-1, {}}
end
redis.call('HSET', effect, 'key', key, 'state', 'asked', 'tool', tool, 'arguments', arguments,
           'context', context, 'asked_at', stamp(now), 'deadline', stamp(now + deadline_s),
           'attempts', 0, 'round', round, 'job', job_id, waiter, round .. '|' .. reply_to)
redis.call('EXPIRE', effect, keep_s)
redis.call('ZADD', index, stamp(now), key)
redis.call('EXPIRE', index, keep_s)
redis.call('ZADD', open, stamp(now + start_s), member)
redis.call('EXPIRE', open, keep_s)
enqueue(job, queue, queues, job_id, job_ttl_s, job_fields)
return {1, redis.call('HGETALL', effect)}
