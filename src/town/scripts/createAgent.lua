-- Makes an agent, unless its name is taken by one that is just being made elsewhere.
--
-- KEYS[1]  agent:{id}
-- KEYS[2]  events
-- KEYS[3]  events:agent:{id}
-- KEYS[4…] reserved:{name} for its name and nickname
-- ARGV     id, how long a reservation lasts (ms), event type, event data, stream length, field, value, field, value…
-- Returns  1 (made, now or by an earlier call with this id) or 0 (the name is taken)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 1
end
for i = 4, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= ARGV[1] then
    return 0
  end
end
for i = 4, #KEYS do
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
for i = 2, 3 do
  redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[5], '*', 'event_type', ARGV[3], 'data', ARGV[4])
end
return 1
