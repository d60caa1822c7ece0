-- Looks through a list for messages that may ask for something, behind those that only inform.
--
-- KEYS  urgent:{id} or inbox:{id}
-- ARGV  the place to begin at, how many messages to find, how many bytes, then the types of messages to pass over
-- Returns {the place to go on at, or -1 at the end of the list, message, message…}. A message that is written in an unusual way
--          is found whatever its type.
local PAGE = 500
local at, limit, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local patterns = {}
for i = 4, #ARGV do
  patterns[#patterns + 1] = '"type"%s*:%s*"' .. ARGV[i] .. '"'
end
local function passed_over(element)
  for _, pattern in ipairs(patterns) do
    -- Quotes within a text are escaped: this can only be the member of an object.
    if string.find(element, pattern) then
      return true
    end
  end
  return false
end
local found, bytes = { -1 }, 0
while true do
  local page = redis.call('LRANGE', KEYS[1], at, at + PAGE - 1)
  for _, element in ipairs(page) do
    at = at + 1
    if not passed_over(element) then
      found[#found + 1] = element
      bytes = bytes + #element
      if #found > limit or bytes >= most then
        found[1] = at
        return found
      end
    end
  end
  if #page < PAGE then
    return found
  end
end
