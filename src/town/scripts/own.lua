-- Takes an agent for one window, unless a window that still lives has it.
--
-- KEYS  lease:{agent}, epoch:{agent}, agent:{agent}, lease:window:{this window}
-- ARGV  this window's id, the prefix of window leases, the mark of our runtime host, the time for last_heartbeat, a new epoch
-- The epoch is made by the window, not counted here: a Redis that has lost its last writes would give the same number twice.
-- Returns {"owned", epoch, was left in disorder ("1") or released ("0")}
--         {"owned-elsewhere", that window's id} | {"gone"} (no such agent) | {"no-lease"} (this window's own lease ran out)
if redis.call('EXISTS', KEYS[3]) == 0 then
  return { 'gone' }
end
if redis.call('EXISTS', KEYS[4]) == 0 then
  return { 'no-lease' }
end
local owner = redis.call('GET', KEYS[1])
local epoch = redis.call('GET', KEYS[2])
if owner == ARGV[1] and epoch then
  return { 'owned', epoch, '0' }
end
if owner and owner ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. owner) == 1 then
  return { 'owned-elsewhere', owner }
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[3], 'runtime_host', ARGV[3], 'last_heartbeat', ARGV[4])
return { 'owned', ARGV[5], owner and '1' or '0' }
