-- The size of each key, whatever its type.
--
-- KEYS  any
-- Returns type, size, type, size… The size is the elements of a list, the fields of a hash or the entries of a stream, 1 for
--         other types, and 0 for a key that does not exist.
local sized = { list = 'LLEN', hash = 'HLEN', stream = 'XLEN' }
local sizes = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  sizes[2 * i - 1] = kind
  sizes[2 * i] = sized[kind] and redis.call(sized[kind], key) or (kind == 'none' and 0 or 1)
end
return sizes
