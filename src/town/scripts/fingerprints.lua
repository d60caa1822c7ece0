-- What changes when a key changes, in a few bytes: for towns whose Redis does not tell of changes.
--
-- KEYS  any
-- Returns one text for each key; "" for a key that does not exist. A sign of life is no change.
local prints = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  local print = ''
  if kind == 'hash' then
    local words = redis.call('HGETALL', key)
    for place = 1, #words, 2 do
      if words[place] == 'last_heartbeat' then
        words[place + 1] = ''
      end
    end
    print = redis.sha1hex(table.concat(words, '\0'))
  elseif kind == 'list' then
    if key:sub(-8) == ':backlog' then
      -- Its ids are short, and people change their order.
      print = redis.sha1hex(table.concat(redis.call('LRANGE', key, 0, -1), ','))
    else
      -- Other lists change at their ends.
      local first = redis.call('LINDEX', key, 0)
      local last = redis.call('LINDEX', key, -1)
      print = redis.call('LLEN', key) .. redis.sha1hex(first) .. redis.sha1hex(last)
    end
  elseif kind == 'stream' then
    local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
    print = redis.call('XLEN', key) .. (newest and newest[1] or '')
  elseif kind == 'string' then
    print = redis.sha1hex(redis.call('GET', key))
  elseif kind ~= 'none' then
    print = kind
  end
  prints[i] = print
end
return prints
