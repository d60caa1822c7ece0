-- Writes the heartbeat of every agent that this window still owns.
--
-- KEYS  pairs of lease:{agent}, agent:{agent}
-- ARGV  this window's id, the time
-- Returns the places (1, 2, …) of the pairs that this window does not own, or no longer.
local lost = {}
for i = 1, #KEYS, 2 do
  -- A key of the wrong type concerns its own agent alone.
  if redis.pcall('GET', KEYS[i]) == ARGV[1] and redis.call('EXISTS', KEYS[i + 1]) == 1 then
    redis.pcall('HSET', KEYS[i + 1], 'last_heartbeat', ARGV[2])
  else
    lost[#lost + 1] = (i + 1) / 2
  end
end
return lost
