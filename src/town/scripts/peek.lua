-- Everything that an owner's next decision rests on, read at one moment.
--
-- KEYS  agent, urgent, inbox, inflight, turn, stop, control, backlog
-- ARGV  how many messages of each list to read
-- Returns {agent hash, urgent, inbox, ids of batches in flight, turn hash, stop flag or false, control entries,
--          number of backlog tasks, problems}; a key of the wrong type reads as empty and is named in the problems.
local limit = tonumber(ARGV[1]) - 1
local problems = {}
local function read(empty, command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    problems[#problems + 1] = key .. ': ' .. reply.err
    return empty
  end
  return reply
end
return {
  read({}, 'HGETALL', KEYS[1]),
  read({}, 'LRANGE', KEYS[2], 0, limit),
  read({}, 'LRANGE', KEYS[3], 0, limit),
  read({}, 'HKEYS', KEYS[4]),
  read({}, 'HGETALL', KEYS[5]),
  read(false, 'GET', KEYS[6]),
  read({}, 'XRANGE', KEYS[7], '-', '+', 'COUNT', 20),
  read(0, 'LLEN', KEYS[8]),
  problems,
}
