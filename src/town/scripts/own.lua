-- Takes an agent for one window, unless a living window has it or the agent lives elsewhere. The first window that takes an
-- agent records where it lives.
--
-- KEYS  lease:{agent}, epoch:{agent}, agent:{agent}, lease:window:{this window}
-- ARGV  this window's id, the prefix of window leases, the mark of our runtime host, the time for last_heartbeat, a new epoch,
--       this window's home: machine, host, Codex home, folder, folder id (all empty: not checked), the epoch that this window
--       has of the agent (empty: none)
-- The window makes the epoch. Counting here would repeat a number after Redis lost its last writes.
-- For the same reason an epoch found in Redis counts only if the window knows it: another client may have written an old one.
-- A lease or an epoch that is not a string names no owner, and is overwritten.
-- Returns {"owned", epoch, was left in disorder ("1") or released ("0")}
--         {"owned-elsewhere", that window's id} | {"away"} (it lives elsewhere) | {"gone"} (no such agent) | {"no-lease"} (this window's own lease ran out)
if redis.call('EXISTS', KEYS[3]) == 0 then
  return { 'gone' }
end
if redis.call('EXISTS', KEYS[4]) == 0 then
  return { 'no-lease' }
end
local function text(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value
end
local owner, epoch = text(KEYS[1]), text(KEYS[2])
local disorder = tostring(redis.call('EXISTS', KEYS[1]))
if owner == ARGV[1] and epoch and (epoch == ARGV[5] or epoch == ARGV[11]) then
  return { 'owned', epoch, '0' }
end
if owner and owner ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. owner) == 1 then
  return { 'owned-elsewhere', owner }
end
if ARGV[6] ~= '' then
  local home = redis.call('HMGET', KEYS[3], 'home_machine', 'home_codex', 'home_folder', 'home_folder_id')
  local moved = home[3] ~= ARGV[9] and home[4] ~= ARGV[10]
  if home[1] and (home[1] ~= ARGV[6] or home[2] ~= ARGV[8] or moved) then
    return { 'away' }
  end
  redis.call('HSET', KEYS[3], 'home_machine', ARGV[6], 'home_host', ARGV[7], 'home_codex', ARGV[8],
    'home_folder', ARGV[9], 'home_folder_id', ARGV[10])
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[3], 'runtime_host', ARGV[3], 'last_heartbeat', ARGV[4])
return { 'owned', ARGV[5], owner == ARGV[1] and '0' or disorder }
