-- Gives agents back: deletes each lease that this window still holds.
--
-- KEYS  lease:{agent}…
-- ARGV  this window's id
-- Returns how many leases were given back.
local released = 0
for _, key in ipairs(KEYS) do
  if redis.pcall('GET', key) == ARGV[1] then
    redis.call('DEL', key)
    released = released + 1
  end
end
return released
