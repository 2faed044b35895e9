/** Lua helpers that read and write epoch records. See `rows/epoch.ts` for the stored form. */
export const RECORD: string = String.raw`
local function find_record(where)
  local value = redis.call('GET', where)
  if not value then return nil end
  local r = {}
  r.version, r.keep, r.text = string.match(value, '^([^\n]*)\n([^\n]*)\n(.*)$')
  if not r.version then error('an epoch record is malformed') end
  return r
end

local function is_version(r, version) return r and (version == '' or r.version == version) end

-- A version stays a whole number that JavaScript holds exactly.
local function move(r) r.version = whole((tonumber(r.version) + 1) % 9007199254740992) end

-- Keeps it until a time at least; nothing is for ever.
local function raise(r, keep)
  if r.keep ~= '' and (keep == '' or tonumber(keep) > tonumber(r.keep)) then r.keep = keep end
end

-- It is there for longer than it must be kept, and never for less than it was: clocks may be an hour apart.
local function save_record(where, r, now)
  local ttl = nil
  if r.keep ~= '' then
    ttl = math.max(math.max(tonumber(r.keep) - now, 0) + MARGIN, redis.call('PTTL', where))
  end
  put(where, r.version .. '\n' .. r.keep .. '\n' .. r.text, ttl)
end

-- The membership that a session is in, or that is advanced; nil where there is none.
local function take_membership()
  local account = arg()
  return account ~= '' and { account = account, where = key(), index = key() } or nil
end

-- Whether a membership has its record; also where there is none.
local function has_record(m) return not m or find_record(m.where) ~= nil end

-- Has the user's index name a membership for as long as its record is there: one that is advanced, or is named already.
local function list_membership(m, is_advanced)
  if not is_advanced and not redis.call('ZSCORE', m.index, m.account) then return end
  local ttl = redis.call('PTTL', m.where)
  local now = server_time()
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', m.index, '-inf', whole(now), 'LIMIT', 0, 8)) do
    redis.call('ZREM', m.index, gone)
  end
  if ttl < 0 then
    enroll(m.index, '1e300', m.account, nil)
  else
    enroll(m.index, whole(now + ttl), m.account, ttl)
  end
end

-- Has a membership's record kept until a time at least.
local function keep_membership(m, keep, now)
  local r = m and find_record(m.where)
  if not r then return end
  raise(r, keep)
  save_record(m.where, r, now)
  list_membership(m, false)
end

-- The same, where nobody asks for longer.
local function resave_record(where, r)
  redis.call('SET', where, r.version .. '\n' .. r.keep .. '\n' .. r.text, 'KEEPTTL')
end
`;
