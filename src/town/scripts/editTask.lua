-- Writes fields of a task that is not over, and touches the backlog so that everybody who watches it looks again.
--
-- KEYS  task:{id}, backlog
-- ARGV  id, "1" if the task must not have been started, the time, field, value, field, value…
-- Returns "done" | "no-task" | "over" | "begun"
local state = redis.call('HGET', KEYS[1], 'state')
if not state then
  return 'no-task'
end
if state == 'completed' or state == 'failed' or state == 'cancelled' then
  return 'over'
end
if ARGV[2] == '1' and state ~= 'pending' and state ~= 'assigned' then
  return 'begun'
end
redis.call('HSET', KEYS[1], 'updated_at', ARGV[3], unpack(ARGV, 4))
-- A backlog that is not a list has no place for the task. The task is edited anyway.
local place = redis.pcall('LPOS', KEYS[2], ARGV[1])
if type(place) == 'number' then
  redis.call('LSET', KEYS[2], place, ARGV[1])
end
return 'done'
