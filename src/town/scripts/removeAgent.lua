-- Removes an agent with everything stored for it.
--
-- KEYS[1]  agent:{id}
-- KEYS[2]  events
-- KEYS[3…] every other key of the agent
-- ARGV     event type, event data, stream length
-- Returns  1 (removed) or 0 (there was none)
local removed = redis.call('UNLINK', KEYS[1])
for i = 3, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
if removed == 1 then
  redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'event_type', ARGV[1], 'data', ARGV[2])
end
return removed
