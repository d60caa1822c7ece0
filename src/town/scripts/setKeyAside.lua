-- Moves a key of the wrong type out of the way, with everything that it holds.
--
-- KEYS  the key, where it goes
-- ARGV  the type that the key should have
-- Returns 1 (moved) or 0 (it is gone, or has the right type)
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' or kind == ARGV[1] then
  return 0
end
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
