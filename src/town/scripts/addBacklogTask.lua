-- Creates an unassigned task at the end of the backlog.
--
-- KEYS  task:{id}, backlog
-- ARGV  id, field, value, field, value…
-- Returns 1 (created) or 0 (it exists, by an earlier call with this id)
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
