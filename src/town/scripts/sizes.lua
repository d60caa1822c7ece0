-- How much each key holds, whatever it is.
--
-- KEYS  any
-- Returns type, size, type, size…: elements of a list, fields of a hash, entries of a stream; 1 for anything else that
--         exists, 0 for what does not.
local sized = { list = 'LLEN', hash = 'HLEN', stream = 'XLEN' }
local sizes = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  sizes[2 * i - 1] = kind
  sizes[2 * i] = sized[kind] and redis.call(sized[kind], key) or (kind == 'none' and 0 or 1)
end
return sizes
