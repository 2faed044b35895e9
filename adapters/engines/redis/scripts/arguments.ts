/**
 * How much longer the server keeps data than its retention, in ms. The clocks of processes may differ by an hour, and
 * the server's clock may be adjusted.
 */
export const MARGIN = 10_800_000;

/**
 * Lua 5.1 helpers that take keys and arguments, and write keys that expire. The order of keys and arguments in a call
 * is the order in which the script takes them. Always format numbers by `whole`: `tostring` loses digits beyond 14.
 */
export const ARGUMENTS: string = `
local key_at, arg_at = 0, 0
local function key() key_at = key_at + 1 return KEYS[key_at] end
local function arg() arg_at = arg_at + 1 return ARGV[arg_at] end
local function number() return tonumber(arg()) end
local function whole(value) return string.format('%.0f', value) end
local MARGIN = ${MARGIN}
local MAX_TTL = 1e15

-- The server's own time in ms: for what compares with nothing but itself.
local function server_time()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Writes a string that lives so many ms; nil is for ever.
local function put(where, value, ttl)
  if ttl and ttl < MAX_TTL then
    redis.call('SET', where, value, 'PX', whole(ttl))
  else
    redis.call('SET', where, value)
  end
end

-- Writes once more what is there: WAIT only waits for what its own connection wrote.
local function put_again(where) redis.call('SET', where, redis.call('GET', where), 'KEEPTTL') end

-- Tells a change to the processes that track markers. A key that is gone costs nothing, and its expiry would be told again.
local function tell(marker)
  redis.call('SET', marker, '')
  redis.call('DEL', marker)
end

-- Has what is there live at least so many ms more; nil is for ever. 'left' is its PTTL before it was written.
local function outlive(where, ttl, left)
  if left == -1 then return end
  if not ttl or ttl >= MAX_TTL then
    if left >= 0 then redis.call('PERSIST', where) end
  elseif left < ttl then
    redis.call('PEXPIRE', where, whole(ttl))
  end
end

-- Adds to a sorted set that lives as long as the longest-lived of what was ever added.
local function enroll(where, score, member, ttl)
  local left = redis.call('PTTL', where)
  redis.call('ZADD', where, score, member)
  outlive(where, ttl, left)
end
`;
