-- Moves a key that is of another type than it should be out of the way, with all that it holds.
--
-- KEYS  the key, where it goes
-- ARGV  the type that the key should be of
-- Returns 1 (moved) or 0 (it is gone, or as it should be)
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' or kind == ARGV[1] then
  return 0
end
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
