-- Makes generations others than they were, and keeps the newest mark of each.
-- A state is its number (16), then the mark's epoch (16), position (16) and
-- realm, or nothing for no mark.
-- KEYS: the generations' keys.
-- ARGV: their new number, the mark as in a state, how long a generation lives (s).
local number, mark, life = ARGV[1], ARGV[2], ARGV[3]
for _, key in ipairs(KEYS) do
  local state = redis.call('GET', key)
  local newest = mark
  if state then
    local before = string.sub(state, 17)
    local same = string.sub(before, 1, 16) == string.sub(mark, 1, 16) and string.sub(before, 33) == string.sub(mark, 33)
    if mark == '' or (same and string.sub(before, 17, 32) > string.sub(mark, 17, 32)) then
      newest = before
    end
  end
  redis.call('SET', key, number .. newest, 'EX', life)
end
return #KEYS
