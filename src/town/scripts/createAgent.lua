-- Creates an agent, unless its name is taken by one that is just being created elsewhere.
--
-- KEYS[1]  agent:{id}
-- KEYS[2…] reserved:{name} for its name and nickname, then the streams of the event
-- ARGV     id, how many names, how long a reservation lasts (ms), event type, event data, stream length, field, value, …
-- A reservation that is not a string reserves nothing, and is overwritten.
-- Returns  1 (created, now or by an earlier call with this id) or 0 (the name is taken)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 1
end
local lastName = 1 + tonumber(ARGV[2])
for i = 2, lastName do
  local holder = redis.pcall('GET', KEYS[i])
  if type(holder) == 'string' and holder ~= ARGV[1] then
    return 0
  end
end
for i = 2, lastName do
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[3])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
for i = lastName + 1, #KEYS do
  redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[6], '*', 'event_type', ARGV[4], 'data', ARGV[5])
end
return 1
