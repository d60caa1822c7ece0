-- Reserves a name for an agent, unless another agent has reserved it. A reservation that is not a string reserves nothing.
--
-- KEYS  reserved:{name}
-- ARGV  the agent's id, how long the reservation lasts (ms)
-- Returns 1 (reserved) or 0 (another agent holds it)
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'string' and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
