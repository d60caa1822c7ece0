-- Takes a task from the backlog, assigns it to an agent and sends the agent a message. If several claim it, one gets it.
--
-- KEYS[1]  backlog
-- KEYS[2]  task:{id}
-- KEYS[3]  agent:{agent}
-- KEYS[4]  inbox:{agent}
-- KEYS[5]  events
-- KEYS[6]  events:agent:{agent}
-- ARGV     id, agent, who assigns it, the time, task_assign message, event type, event data, stream length
-- Returns  "claimed" (now, or by an earlier claim of this agent that is not over)
--          "no-agent" | "not-in-backlog" (taken, or never there) | "no-task" (listed without a record, or over; now unlisted)
if redis.call('EXISTS', KEYS[3]) == 0 then
  return 'no-agent'
end
local task = redis.call('HMGET', KEYS[2], 'state', 'assigned_to')
local state = task[1]
local over = state == 'completed' or state == 'failed' or state == 'cancelled'
if not redis.call('LPOS', KEYS[1], ARGV[1]) then
  if state and not over and task[2] == ARGV[2] then
    return 'claimed'
  end
  return 'not-in-backlog'
end
if over or redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('LREM', KEYS[1], 0, ARGV[1])
  return 'no-task'
end
-- The command that may fail goes first, so that an inbox of the wrong type leaves everything unchanged.
redis.call('RPUSH', KEYS[4], ARGV[5])
redis.call('LREM', KEYS[1], 0, ARGV[1])
redis.call('HSET', KEYS[2], 'state', 'assigned', 'assigned_to', ARGV[2], 'assigned_by', ARGV[3], 'updated_at', ARGV[4])
for i = 5, 6 do
  redis.pcall('XADD', KEYS[i], 'MAXLEN', '~', ARGV[8], '*', 'event_type', ARGV[6], 'data', ARGV[7])
end
return 'claimed'
