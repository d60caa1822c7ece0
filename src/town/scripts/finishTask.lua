-- Ends a task: once, for good, with all that goes with it.
--
-- KEYS[1]  task:{id}
-- KEYS[2]  backlog
-- KEYS[3]  events
-- KEYS[4]  agent:{agent} of the agent it is thought to be assigned to; left out, with KEYS[5], where it is nobody's
-- KEYS[5]  events:agent:{agent}
-- ARGV     id, that agent's id or "", new state, result, the time, event type or "" for none, event data, stream length
-- Returns  "done" | "no-task" | "over" (it had ended before: nothing was written) | "moved" (it is somebody else's)
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 'no-task'
end
local task = redis.call('HMGET', KEYS[1], 'state', 'assigned_to')
local state = task[1]
if state == 'completed' or state == 'failed' or state == 'cancelled' then
  return 'over'
end
if (task[2] or '') ~= ARGV[2] then
  return 'moved'
end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'result', ARGV[4], 'updated_at', ARGV[5], 'completed_at', ARGV[5])
-- The rest follows from that: a key of the wrong type must not make the end of the task fail halfway.
redis.pcall('LREM', KEYS[2], 0, ARGV[1])
local agent = KEYS[4] and redis.pcall('HMGET', KEYS[4], 'id', 'current_task', 'tasks_completed')
if agent and not agent.err and agent[1] then
  if agent[2] == ARGV[1] then
    redis.call('HDEL', KEYS[4], 'current_task')
  end
  if ARGV[3] == 'completed' then
    local count = tonumber(string.match(agent[3] or '', '^%d+$') or '0')
    redis.call('HSET', KEYS[4], 'tasks_completed', string.format('%.0f', count + 1))
  end
end
if ARGV[6] ~= '' then
  redis.pcall('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*', 'event_type', ARGV[6], 'data', ARGV[7])
  if KEYS[5] then
    redis.pcall('XADD', KEYS[5], 'MAXLEN', '~', ARGV[8], '*', 'event_type', ARGV[6], 'data', ARGV[7])
  end
end
return 'done'
