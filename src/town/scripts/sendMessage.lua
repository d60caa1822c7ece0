-- Puts a message into an agent's list, once.
--
-- KEYS[1]  inbox:{id} or urgent:{id}
-- KEYS[2]  sent:{message id}
-- KEYS[3]  agent:{id}; omitted for the supervisor, who has no record
-- ARGV     message, "LPUSH" or "RPUSH", how long the message's id is remembered (ms)
-- Returns  1 (it is in the list, by this or by an earlier call) or 0 (there is no such agent)
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 0 then
  return 0
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call(ARGV[2], KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[3])
end
return 1
