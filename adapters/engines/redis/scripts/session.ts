/** Lua helpers that read and write sessions. See `rows/session.ts` for the stored form. */
export const SESSION: string = String.raw`
local LINE = '([^\n]*)\n'
local LINES = '^' .. string.rep(LINE, 9) .. '(' .. string.rep('[^\n]*\n', 7) .. ')(.*)$'

local function session_of(value)
  local s = {}
  s.credential, s.serial, s.created, s.used, s.expires, s.idle, s.retention, s.authenticated, s.ended, s.renewable, s.fixed =
    string.match(value, LINES)
  if not s.credential then error('a session is malformed') end
  return s
end

local function find_session(where)
  local value = redis.call('GET', where)
  return value and session_of(value)
end

-- A time as it stands in a session: counted from its creation.
local function since(s, time)
  if time == '' then return '' end
  return whole(tonumber(time) - tonumber(s.created))
end

local function last_use(s) return tonumber(s.created) + tonumber(s.used) end

-- The time of a tombstone.
local function ended_at(ended) return tonumber(string.match(ended, '^%[([^,]*),')) end

-- When it was or will be over by itself; nil is never.
local function over_at(s)
  if s.ended ~= '' then return ended_at(s.ended) end
  local expires = s.expires ~= '' and tonumber(s.created) + tonumber(s.expires)
  local idle = s.idle ~= '' and last_use(s) + tonumber(s.idle)
  if expires and idle then return math.min(expires, idle) end
  return expires or idle or nil
end

local function is_living(s, now)
  local over = over_at(s)
  return s.ended == '' and (over == nil or over > now)
end

-- How many ms it is kept from now on; nil is for ever. Whatever the server's clock says: the core's is another.
local function life_of(s, now)
  local over = over_at(s)
  return over and math.max(over - now, 0) + tonumber(s.retention) + MARGIN
end

-- How many ms its user's index is needed, however often it is used; nil is for ever.
local function reach_of(s, now)
  if s.ended == '' and s.idle ~= '' and s.expires ~= '' then
    return math.max(tonumber(s.created) + tonumber(s.expires) - now, 0) + tonumber(s.retention) + MARGIN
  end
  return life_of(s, now)
end

local function value_of(s)
  local head = { s.credential, s.serial, s.created, s.used, s.expires, s.idle, s.retention, s.authenticated, s.ended }
  return table.concat(head, '\n') .. '\n' .. s.renewable .. s.fixed
end

-- Writes a tombstone. What is left of the session is kept for as long as the retention says.
local function end_session(where, s, ended)
  s.ended = ended
  put(where, value_of(s), life_of(s, over_at(s)))
end
`;

/**
 * A Lua helper that ends other sessions of the user, each with its audit entries. Returns how many of them were living.
 */
export const END_OTHERS: string = `
local function end_others()
  local done = 0
  for _ = 1, number() do
    local where, ended = key(), arg()
    local entries = take_entries()
    local s = find_session(where)
    if s and is_living(s, ended_at(ended)) then
      end_session(where, s, ended)
      write_entries(entries)
      done = done + 1
    end
  end
  return done
end
`;
