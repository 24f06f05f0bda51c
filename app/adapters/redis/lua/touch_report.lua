-- Something of an ended call has changed: its report is made, or made again, once what belongs to
-- the same end has come too. Uses clock.
local settle_s = 3
local function touch_report(report_work, reports_due, call_id, keep_s)
  redis.call('HINCRBY', report_work, 'touched', 1)
  redis.call('EXPIRE', report_work, keep_s)
  redis.call('ZADD', reports_due, 'NX', stamp(now + settle_s), call_id)
  redis.call('EXPIRE', reports_due, keep_s)
end
