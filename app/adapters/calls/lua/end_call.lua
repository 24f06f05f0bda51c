-- The call is over. What a resumed conversation would need goes soon, the story stays, and its
-- report is due. `lapsed_at` is given where nothing was heard of the call for long: then it is over
-- since that time, until its real end is told; 0 where something was heard of it by now.
--@ keys summary state lease live recent report_work reports_due
--@ args call_id status ended_s keep_s most lapsed_at
--@ rest fields
--@ use clock heard_of touch_report

if lapsed_at ~= '' then
  local believed = redis.call('ZSCORE', live, call_id)
  if not believed or tonumber(believed) > now then return 0 end
end
heard_of(summary, recent, call_id, keep_s, most)
if #fields > 0 then redis.call('HSET', summary, unpack(fields)) end
if lapsed_at ~= '' then
  if redis.call('HSETNX', summary, 'ended_at', lapsed_at) == 1 then
    redis.call('HSET', summary, 'lapsed', 'true')
  end
elseif redis.call('HDEL', summary, 'lapsed') == 1 then
  redis.call('HSET', summary, 'ended_at', stamp(now))
else
  redis.call('HSETNX', summary, 'ended_at', stamp(now))
end
redis.call('HSET', summary, 'status', status)
redis.call('EXPIRE', state, ended_s)
redis.call('DEL', lease)
redis.call('ZREM', live, call_id)
touch_report(report_work, reports_due, call_id, keep_s)
return 1
