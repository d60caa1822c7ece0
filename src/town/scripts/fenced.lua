-- Applies a change to one agent atomically.
--
-- KEYS[1]  tt:{town}:epoch:{agent}
-- KEYS[2…] every key that a guard or a command names
-- ARGV     epoch of the owner (empty: anybody may make the change), number of guards, guards…, number of commands, commands…
--          A guard or a command is: its number of words, then the words.
--          Guards: "listed" KEY MEMBER       the list holds the member
--                  "field"  KEY FIELD        the hash holds the field
--                  "value"  KEY FIELD VALUE  the hash's field has this value
--                  "value-or-none" KEY FIELD VALUE  the field has this value, or does not exist
--                  "none"   KEY FIELD VALUE… the field has none of these values
--                  "exists" KEY              the key is there
--          Commands: any of Redis's own, and
--                  "set-if" KEY FIELD OLD NEW  sets the hash's field if it has the old value or is missing
--                  "set-if-equal" KEY FIELD OLD NEW  sets it only if it has the old value, and never creates a hash
--                  "tell" COMMAND KEY …        for what people see: if it fails, the rest is still done
-- Returns  "done", "fenced" (somebody else owns the agent now), "changed" (a guard does not hold), or {key, its type, the
--          type that it should have}. Unless the result is "done", nothing was written.
-- An epoch that is not a string matches no owner. The owner takes the agent again, which writes a new one.
if ARGV[1] ~= '' and redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 'fenced'
end

local position = 2
local function next_words()
  local count = tonumber(ARGV[position])
  local words = {}
  for i = 1, count do
    words[i] = ARGV[position + i]
  end
  position = position + count + 1
  return words
end

local guards = tonumber(ARGV[position])
position = position + 1
for _ = 1, guards do
  local guard = next_words()
  local holds
  if guard[1] == 'listed' then
    holds = redis.call('LPOS', guard[2], guard[3])
  elseif guard[1] == 'field' then
    holds = redis.call('HEXISTS', guard[2], guard[3]) == 1
  elseif guard[1] == 'value' then
    holds = redis.call('HGET', guard[2], guard[3]) == guard[4]
  elseif guard[1] == 'value-or-none' then
    holds = (redis.call('HGET', guard[2], guard[3]) or guard[4]) == guard[4]
  elseif guard[1] == 'none' then
    local value = redis.call('HGET', guard[2], guard[3])
    holds = true
    for i = 4, #guard do
      holds = holds and value ~= guard[i]
    end
  else
    holds = redis.call('EXISTS', guard[2]) == 1
  end
  if not holds then
    return 'changed'
  end
end

-- The type that each command expects. A wrong one would make the command fail after earlier commands were done.
local kinds = {
  LREM = 'list', LPUSH = 'list', RPUSH = 'list', LINSERT = 'list',
  HSET = 'hash', HDEL = 'hash', HINCRBY = 'hash', ['set-if'] = 'hash',
  XADD = 'stream', XDEL = 'stream',
}
local commands = {}
local count = tonumber(ARGV[position])
position = position + 1
for place = 1, count do
  commands[place] = next_words()
  local key, kind = commands[place][2], kinds[commands[place][1]]
  local found = kind and redis.call('TYPE', key).ok
  if kind and found ~= kind and found ~= 'none' then
    return { key, found, kind }
  end
end

for _, words in ipairs(commands) do
  if words[1] == 'tell' then
    redis.pcall(unpack(words, 2))
  elseif words[1] == 'set-if-equal' then
    if redis.pcall('HGET', words[2], words[3]) == words[4] then
      redis.call('HSET', words[2], words[3], words[5])
    end
  elseif words[1] ~= 'set-if' then
    redis.call(unpack(words))
  elseif (redis.call('HGET', words[2], words[3]) or words[4]) == words[4] then
    redis.call('HSET', words[2], words[3], words[5])
  end
end
return 'done'
