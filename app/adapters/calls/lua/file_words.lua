-- Files the second at which a call began under each of its words, once for the same words.
--@ keys work
--@ args digest second work_s keep_s
--@ rest words
if redis.call('HGET', work, 'words') == digest then return 0 end
redis.call('HSET', work, 'words', digest)
redis.call('EXPIRE', work, work_s)
local entry = struct.pack('>I4', second)
for _, word in ipairs(words) do
  if redis.call('APPEND', word, entry) == 4 then redis.call('EXPIRE', word, keep_s) end
end
return 1
