-- Looks an entry up and what generations are now.
-- KEYS: the entry's key, then the generations' keys.
-- ARGV: the number of generations that have to begin anew, how long a generation lives (s), the prefix of keys.
-- Returns the entry (false if there is none that is true), then the state of each generation.
local begun, life, prefix = ARGV[1], ARGV[2], ARGV[3]
local answer = { redis.call('GET', KEYS[1]) }
if answer[1] then
  local own, at = struct.unpack('>H', answer[1])
  for _ = 1, own do
    local number, name
    number, name, at = struct.unpack('>c16Hc0', answer[1], at)
    local state = redis.call('GET', prefix .. name)
    if not state or string.sub(state, 1, 16) ~= number then
      answer[1] = false
      break
    end
  end
end
for i = 2, #KEYS do
  local state = redis.call('GET', KEYS[i])
  if not state then
    state = begun
    redis.call('SET', KEYS[i], state, 'EX', life)
  end
  answer[i] = state
end
return answer
