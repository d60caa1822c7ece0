-- Searches part of a list for messages that may ask for something, skipping those that only inform.
--
-- KEYS  urgent:{id} or inbox:{id}
-- ARGV  the place to begin at,
--       the place to begin at instead if the element before it still has this mark, the mark (0 and "" for none),
--       how many messages to find, how many bytes to read, then the types of messages to skip
-- Returns {1 at the end of the list, otherwise 0; the place to continue at; the mark of the element before it; message…}.
--          A message in an unusual spelling is returned whatever its type.
local PAGE = 50
local at, known, mark = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local limit, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local last = known > at and redis.call('LINDEX', KEYS[1], known - 1)
if last and redis.sha1hex(last) == mark then
  at = known
end
local patterns = {}
for i = 6, #ARGV do
  patterns[#patterns + 1] = '"type"%s*:%s*"' .. ARGV[i] .. '"'
end
local function passed_over(element)
  for _, pattern in ipairs(patterns) do
    -- Quotes within a text are escaped, so this can only be a member of an object.
    if string.find(element, pattern) then
      return true
    end
  end
  return false
end
local found, bytes, at_end = {}, 0, 0
while at_end == 0 and #found < limit and bytes < most do
  local page = redis.call('LRANGE', KEYS[1], at, at + PAGE - 1)
  local read = 0
  while read < #page and #found < limit and bytes < most do
    read = read + 1
    last = page[read]
    bytes = bytes + #last
    if not passed_over(last) then
      found[#found + 1] = last
    end
  end
  at = at + read
  if read == #page and #page < PAGE then
    at_end = 1
  end
end
return { at_end, at, last and redis.sha1hex(last) or '', unpack(found) }
