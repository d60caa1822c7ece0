-- Puts a task of the backlog before another one, or at its end. Repeating it changes nothing.
--
-- KEYS  backlog
-- ARGV  id, the id to put it before ("" for the end)
-- Returns "moved" | "not-in-backlog" | "no-place" (the other one is no longer in the backlog)
if not redis.call('LPOS', KEYS[1], ARGV[1]) then
  return 'not-in-backlog'
end
if ARGV[2] ~= '' and not redis.call('LPOS', KEYS[1], ARGV[2]) then
  return 'no-place'
end
if ARGV[1] == ARGV[2] then
  return 'moved'
end
redis.call('LREM', KEYS[1], 0, ARGV[1])
if ARGV[2] == '' then
  redis.call('RPUSH', KEYS[1], ARGV[1])
else
  redis.call('LINSERT', KEYS[1], 'BEFORE', ARGV[2], ARGV[1])
end
return 'moved'
