-- A short text that changes when a key changes. For a Redis that sends no notifications.
--
-- KEYS  any
-- Returns one text for each key; "" for a key that does not exist. A heartbeat changes nothing.
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
      -- The backlog. Its ids are short, and people reorder it.
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
