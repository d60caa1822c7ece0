-- Everything that shows where an agent's messages are, read at one moment.
--
-- KEYS  agent, urgent, inbox, inflight, held, dead, settled, turn, lease
-- ARGV  how many elements of each list to read, the prefix of window leases
-- Returns {state, id of the current task, urgent, inbox, batches in flight, held, dead, settled, what earlier turns have
--          seen, the window that has the agent, whether that window lives (1 or 0)}. Missing values are false. A key of the
--          wrong type reads as empty.
local limit = tonumber(ARGV[1]) - 1
local function read(empty, command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    return empty
  end
  return reply
end
local owner = read(false, 'GET', KEYS[9])
return {
  read(false, 'HGET', KEYS[1], 'state'),
  read(false, 'HGET', KEYS[1], 'current_task'),
  read({}, 'LRANGE', KEYS[2], 0, limit),
  read({}, 'LRANGE', KEYS[3], 0, limit),
  read({}, 'HVALS', KEYS[4]),
  read({}, 'LRANGE', KEYS[5], 0, limit),
  read({}, 'LRANGE', KEYS[6], 0, limit),
  read({}, 'LRANGE', KEYS[7], 0, limit),
  read(false, 'HGET', KEYS[8], 'seen'),
  owner,
  owner and redis.call('EXISTS', ARGV[2] .. owner) or 0,
}
