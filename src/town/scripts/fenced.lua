-- Applies a change to one agent as a whole, or not at all.
--
-- KEYS[1]  tt:{town}:epoch:{agent}
-- KEYS[2…] every key that a guard or a command names
-- ARGV     epoch of the owner (empty: a change that anybody may make), number of guards, guards…, number of commands, commands…
--          A guard or a command is: its number of words, then the words.
--          Guards: "listed" KEY MEMBER       the list holds the member
--                  "field"  KEY FIELD        the hash holds the field
--                  "value"  KEY FIELD VALUE  the hash's field has this value
--                  "exists" KEY              the key is there
--          Commands: any of Redis's own, and
--                  "set-if" KEY FIELD OLD NEW  sets the hash's field where it still has the old value
-- Returns  "done", "fenced" (somebody else owns the agent now) or "changed" (a guard does not hold); in the last two
--          nothing was written.
if ARGV[1] ~= '' and redis.call('GET', KEYS[1]) ~= ARGV[1] then
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
  else
    holds = redis.call('EXISTS', guard[2]) == 1
  end
  if not holds then
    return 'changed'
  end
end

local commands = tonumber(ARGV[position])
position = position + 1
for _ = 1, commands do
  local words = next_words()
  if words[1] ~= 'set-if' then
    redis.call(unpack(words))
  elseif redis.call('HGET', words[2], words[3]) == words[4] then
    redis.call('HSET', words[2], words[3], words[5])
  end
end
return 'done'
