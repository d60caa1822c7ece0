-- Sets and deletes single fields of an existing record. Never creates one.
--
-- KEYS[1]  agent:{id} or task:{id}
-- ARGV     number of fields to set, field, value…, then fields to delete
-- Returns  1 (done) or 0 (there is no such record)
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local set = tonumber(ARGV[1])
if set > 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 2, 2 * set + 1))
end
if #ARGV > 2 * set + 1 then
  redis.call('HDEL', KEYS[1], unpack(ARGV, 2 * set + 2))
end
return 1
