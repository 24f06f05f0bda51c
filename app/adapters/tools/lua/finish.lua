-- The effect ends. Without a worker it may be ended only while nobody is at it.
-- 0 where it is not the worker's (any more).
-- If the call has ended its report is due again.
--@ keys effect open lease dead summary report_work reports_due
--@ args member worker state ok result call_id key prefix keep_s is_dead error
--@ use clock reply touch_report

local now_state, holder, lease_until =
  unpack(redis.call('HMGET', effect, 'state', 'worker', 'lease_until'))
if now_state ~= 'asked' and now_state ~= 'running' then return 0 end
if worker ~= '' then
  if now_state ~= 'running' or holder ~= worker then return 0 end
elseif now_state == 'running' and tonumber(lease_until) > now then
  return 0
end
redis.call('HSET', effect, 'state', state, 'ok', ok, 'result', result, 'ended_at', stamp(now))
if error ~= '' then redis.call('HSET', effect, 'error', error) end
redis.call('HDEL', effect, 'lease_until', 'not_before')
redis.call('EXPIRE', effect, keep_s)
redis.call('ZREM', open, member)
if is_dead == '1' then
  redis.call('ZADD', dead, stamp(now), member)
  redis.call('ZREMRANGEBYRANK', dead, 0, -1001)
  redis.call('EXPIRE', dead, keep_s)
end
reply(effect, lease, prefix, call_id, key, state, result)
if redis.call('HEXISTS', summary, 'ended_at') == 1 then
  touch_report(report_work, reports_due, call_id, keep_s)
end
return 1
