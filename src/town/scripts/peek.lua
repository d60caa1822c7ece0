-- Everything that an owner's next decision depends on, read at one moment.
--
-- KEYS  agent, urgent, inbox, inflight, turn, stop, control
-- ARGV  how many messages of each list to read, and how many bytes. Reading a list ends with the message that reaches a limit.
-- Returns {agent hash, urgent, inbox, ids of batches in flight, turn hash, stop flag or false, control entries,
--          problems, length of urgent, length of inbox}. A key of the wrong type reads as empty and is named in the problems.
local limit, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local problems = {}
local function read(empty, command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    problems[#problems + 1] = key .. ': ' .. reply.err
    return empty
  end
  return reply
end
local STEP = 10
local function window(key)
  local found, bytes = {}, 0
  while #found < limit do
    local some = read({}, 'LRANGE', key, #found, math.min(#found + STEP, limit) - 1)
    for _, element in ipairs(some) do
      found[#found + 1] = element
      bytes = bytes + #element
      if bytes >= most then
        return found
      end
    end
    if #some < STEP then
      return found
    end
  end
  return found
end
local function length(key)
  local reply = redis.pcall('LLEN', key)
  return type(reply) == 'number' and reply or 0
end
return {
  read({}, 'HGETALL', KEYS[1]),
  window(KEYS[2]),
  window(KEYS[3]),
  read({}, 'HKEYS', KEYS[4]),
  read({}, 'HGETALL', KEYS[5]),
  read(false, 'GET', KEYS[6]),
  read({}, 'XRANGE', KEYS[7], '-', '+', 'COUNT', 20),
  problems,
  length(KEYS[2]),
  length(KEYS[3]),
}
