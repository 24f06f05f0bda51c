-- Whose the calendar `main` is. It keeps its owner while that is a business; the only business
-- takes it over, and the preferred one takes it where it is nobody's.
--@ keys owner
--@ args preferred ttl_s
--@ rest ids

local current = redis.call('GET', owner)
for _, id in ipairs(ids) do
  if id == current then
    redis.call('EXPIRE', owner, ttl_s)
    return current
  end
end
if #ids == 1 then
  current = ids[1]
elseif current then
  return current
else
  current = preferred
end
redis.call('SET', owner, current, 'EX', ttl_s)
return current
