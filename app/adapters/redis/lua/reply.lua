-- Tells everyone who waits for an effect: the process named when it was asked, else whoever holds
-- the call now.
local function reply(effect, lease, prefix, call_id, key, state, result)
  local round = redis.call('HGET', effect, 'round')
  local holder = redis.call('HGET', lease, 'process')
  local all, waiting = redis.call('HGETALL', effect), {}
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'w:' then
      local asked_in, target = string.match(all[i + 1], '^(%d+)|(.*)$')
      if target == '' then target = holder end
      if asked_in == round and target then
        waiting[target] = waiting[target] or {}
        table.insert(waiting[target], string.sub(all[i], 3))
      end
    end
  end
  for target, ids in pairs(waiting) do
    local stream = prefix .. target
    redis.call('XADD', stream, 'MAXLEN', '~', 2000, '*', 'call', call_id, 'key', key,
               'ids', cjson.encode(ids), 'state', state, 'result', result)
    redis.call('EXPIRE', stream, 120)
  end
end
