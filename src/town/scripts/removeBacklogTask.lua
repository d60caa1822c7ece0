-- Takes a task off the backlog and deletes it, as `tt backlog remove` does.
--
-- KEYS  backlog, task:{id}
-- ARGV  id
-- Returns 1 (removed) or 0 (it was not in the backlog)
if redis.call('LREM', KEYS[1], 0, ARGV[1]) == 0 then
  return 0
end
redis.call('UNLINK', KEYS[2])
return 1
