-- Creates a task that is assigned to an agent, and sends the agent a message.
--
-- KEYS[1]  task:{id}
-- KEYS[2]  inbox:{agent} or urgent:{agent}
-- KEYS[3]  events
-- KEYS[4]  events:agent:{agent}
-- KEYS[5]  agent:{agent}; omitted for the supervisor, who has no record
-- ARGV     task_assign message, "LPUSH" or "RPUSH", event type, event data, stream length, field, value, field, value…
-- Returns  1 (created, now or by an earlier call with this id) or 0 (there is no such agent)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 1
end
if KEYS[5] and redis.call('EXISTS', KEYS[5]) == 0 then
  return 0
end
redis.call(ARGV[2], KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
for i = 3, 4 do
  redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[5], '*', 'event_type', ARGV[3], 'data', ARGV[4])
end
return 1
