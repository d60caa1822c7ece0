-- Ends a task once and for all, with everything that goes with it.
--
-- KEYS     task:{id}, backlog, events,
--          agent:{agent}, events:agent:{agent}, inbox:{agent}, urgent:{agent} of the agent that it is thought to be assigned to,
--          inbox:{told} of whoever is told how it ended and, unless that is the supervisor, agent:{told};
--          the second line is omitted if the task is unassigned, the third if nobody is told
-- ARGV     id, that agent's id or "", who assigned it if known or "", new state, result, the time,
--          event type or "" for none, event data, stream length, message for whoever is told or "",
--          the message that must still wait in one of the agent's lists or "" for none,
--          then the assigning messages to take off the agent's lists if they still wait
-- Returns  "done" | "no-task" | "over" (it had ended before) | "moved" (another agent has it) | "taken" (the message no longer
--          waits). Unless the result is "done", nothing was written.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 'no-task'
end
local task = redis.call('HMGET', KEYS[1], 'state', 'assigned_to', 'assigned_by')
local state = task[1]
if state == 'completed' or state == 'failed' or state == 'cancelled' then
  return 'over'
end
if (task[2] or '') ~= ARGV[2] or (task[3] or '') ~= ARGV[3] then
  return 'moved'
end
if ARGV[11] ~= '' and not redis.call('LPOS', KEYS[6], ARGV[11]) and not redis.call('LPOS', KEYS[7], ARGV[11]) then
  return 'taken'
end
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'result', ARGV[5], 'updated_at', ARGV[6], 'completed_at', ARGV[6])
-- The task is over now. A key of the wrong type must not stop the rest halfway.
redis.pcall('LREM', KEYS[2], 0, ARGV[1])
local next_key = 4
if ARGV[2] ~= '' then
  local agent = redis.pcall('HMGET', KEYS[4], 'id', 'current_task', 'tasks_completed')
  if not agent.err and agent[1] then
    if agent[2] == ARGV[1] then
      redis.call('HDEL', KEYS[4], 'current_task')
    end
    if ARGV[4] == 'completed' then
      local count = tonumber(string.match(agent[3] or '', '^%d+$') or '0')
      redis.call('HSET', KEYS[4], 'tasks_completed', string.format('%.0f', count + 1))
    end
  end
  for i = 12, #ARGV do
    redis.pcall('LREM', KEYS[6], 1, ARGV[i])
    redis.pcall('LREM', KEYS[7], 1, ARGV[i])
  end
  next_key = 8
end
if ARGV[7] ~= '' then
  redis.pcall('XADD', KEYS[3], 'MAXLEN', '~', ARGV[9], '*', 'event_type', ARGV[7], 'data', ARGV[8])
  if ARGV[2] ~= '' then
    redis.pcall('XADD', KEYS[5], 'MAXLEN', '~', ARGV[9], '*', 'event_type', ARGV[7], 'data', ARGV[8])
  end
end
local inbox, record = KEYS[next_key], KEYS[next_key + 1]
if ARGV[10] ~= '' and (not record or redis.call('EXISTS', record) == 1) then
  redis.pcall('RPUSH', inbox, ARGV[10])
end
return 'done'
