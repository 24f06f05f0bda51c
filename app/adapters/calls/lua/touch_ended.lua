-- Something of a call has changed. If it has ended, its report is due again.
--@ keys summary report_work reports_due
--@ args call_id keep_s
--@ use clock touch_report

if redis.call('HEXISTS', summary, 'ended_at') == 0 then return 0 end
touch_report(report_work, reports_due, call_id, keep_s)
return 1
