-- Stores an entry if its generations are as they were seen.
-- KEYS: the entry's key, then its generations' keys.
-- ARGV: the entry, how long to keep it (ms), then the number of each generation.
for i = 2, #KEYS do
  local state = redis.call('GET', KEYS[i])
  if not state or string.sub(state, 1, 16) ~= ARGV[i + 1] then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
