/** What scripts know of an epoch record (see `epoch-value.ts`). */
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

-- The same, where nobody asks for longer.
local function resave_record(where, r)
  redis.call('SET', where, r.version .. '\n' .. r.keep .. '\n' .. r.text, 'KEEPTTL')
end
`;
