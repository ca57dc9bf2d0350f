-- The generic cell rate algorithm (ITU-T I.371), by this server's clock.
-- KEYS: the caller's key. Its value is when the caller's rate is whole again (us).
-- ARGV: what a request takes (us), the window (us).
-- Returns whether the request may be made, and how far ahead of its rate the
-- caller is then (us).
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local whole = tonumber(redis.call('GET', KEYS[1]) or 0)
local ahead = math.min(math.max(whole - now, 0), window)
if ahead + interval > window then
  return { 0, ahead }
end
ahead = ahead + interval
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
return { 1, ahead }
