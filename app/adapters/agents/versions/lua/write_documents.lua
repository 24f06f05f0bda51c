-- Writes new versions of documents, all or none. `changes` are triples: the document's name, its
-- digest (blank where it is taken out), and the version as JSON.
-- Gives {1, generation, number of each version}, or {0, generation} where the generation is not the
-- one that the writer has seen.
--@ keys generation current
--@ args expected channel versions most forget_s
--@ rest changes

local now = redis.call('GET', generation) or '0'
if now ~= expected then return {0, tonumber(now)} end
local answer = {1, 0}
for i = 1, #changes, 3 do
  local name, digest, entry = changes[i], changes[i + 1], changes[i + 2]
  local key = versions .. name
  local number = redis.call('HINCRBY', key, 'last', 1)
  redis.call('HSET', key, number, entry)
  redis.call('HDEL', key, number - most)
  if digest == '' then
    redis.call('HDEL', current, name)
    redis.call('EXPIRE', key, forget_s)
  else
    redis.call('HSET', current, name, number .. ' ' .. digest)
    redis.call('PERSIST', key)
  end
  answer[#answer + 1] = number
end
answer[2] = redis.call('INCR', generation)
redis.call('PUBLISH', channel, answer[2])
return answer
