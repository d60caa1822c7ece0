-- Deletes tasks that are over. A task that was reopened meanwhile stays.
--
-- KEYS    task:{id}, …
-- ARGV    the states in which a task is over
-- Returns how many were deleted
local over = {}
for _, state in ipairs(ARGV) do
  over[state] = true
end
local deleted = 0
for _, key in ipairs(KEYS) do
  local state = redis.call('HGET', key, 'state')
  if state and over[state] then
    redis.call('UNLINK', key)
    deleted = deleted + 1
  end
end
return deleted
