-- Unix time in seconds; as text with milliseconds, which is also a JSON number.
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local function stamp(at) return string.format('%.3f', at) end
