import { ARGUMENTS } from './arguments.ts';
import { LOG } from './log.ts';
import { OnceScript } from './once.ts';
import { RECORD } from './record.ts';
import { Script } from './script.ts';
import { END_OTHERS, SESSION } from './session.ts';

/** Creates a record if it is missing, and raises its `keepUntil`. Returns whether the record is new, and its value. */
export const KEEP_RECORD: Script = new Script(
  ARGUMENTS,
  RECORD,
  String.raw`
local where, now, version, keep, text = key(), number(), arg(), arg(), arg()
local account = arg()
local r = find_record(where)
if not r then r = { version = version, keep = keep, text = text } end
raise(r, keep)
save_record(where, r, now)
if account ~= '' then list_membership({ account = account, where = where, index = key() }, false) end
return { r.version == version and 1 or 0, r.version .. '\n' .. r.keep .. '\n' .. r.text }
`,
);

/** Adds a session. Returns whether it wrote, and some ids of the user's index whose sessions may be long gone. */
export const ADD: Script = new OnceScript(
  [SESSION, RECORD, LOG, END_OTHERS],
  `
local record_at, marker, where, index = key(), key(), key(), key()
local now, version, keep, value, id = number(), arg(), arg(), arg(), arg()
local membership = take_membership()
local entries = take_entries()
local s = session_of(value)
local r = find_record(record_at)
if find_session(where) or not is_version(r, version) or not has_record(membership) then return { 0 } end
put(where, value, life_of(s, now))
enroll(index, s.created, id, reach_of(s, now))
if end_others() > 0 then tell(marker) end
raise(r, keep)
move(r)
save_record(record_at, r, now)
keep_membership(membership, keep, now)
write_entries(entries)
if redis.call('ZCARD', index) < 8 then return { 1 } end
return { 1, redis.call('ZRANDMEMBER', index, 3) }
`,
);

export const TOUCH: Script = new Script(
  ARGUMENTS,
  SESSION,
  `
local where, index, at, now = key(), key(), arg(), number()
local s = find_session(where)
if not s or not is_living(s, now) or last_use(s) >= tonumber(at) then return 0 end
s.used = since(s, at)
put(where, value_of(s), life_of(s, now))
outlive(index, reach_of(s, now), redis.call('PTTL', index))
return 1
`,
);

export const RENEW: Script = new OnceScript(
  [SESSION, RECORD, LOG, END_OTHERS],
  `
local record_at, marker, where, index = key(), key(), key(), key()
local now, if_credential, version, keep, moves = number(), arg(), arg(), arg(), arg()
local credential, serial, used, expires, idle = arg(), arg(), number(), arg(), arg()
local retention, authenticated, renewable = arg(), arg(), arg()
local membership = take_membership()
local entries = take_entries()
local s = find_session(where)
if not s or s.credential ~= if_credential or not is_living(s, now) then return 'not-live' end
local r = find_record(record_at)
if version ~= '' and not (is_version(r, version) and has_record(membership)) then return 'conflict' end
s.used = whole(math.max(last_use(s), used) - tonumber(s.created))
s.credential, s.serial, s.expires, s.idle, s.retention = credential, serial, since(s, expires), idle, retention
s.authenticated = since(s, authenticated)
s.renewable = renewable
put(where, value_of(s), life_of(s, now))
outlive(index, reach_of(s, now), redis.call('PTTL', index))
end_others()
tell(marker)
if r then
  raise(r, keep)
  if moves == '1' then move(r) end
  save_record(record_at, r, now)
end
keep_membership(membership, keep, now)
write_entries(entries)
return 'renewed'
`,
);

/**
 * Ends one session. An existing tombstone stays. Replicas confirm either case, because the script always writes its
 * answer.
 */
export const END: Script = new OnceScript(
  [SESSION, RECORD, LOG],
  String.raw`
local record_at, marker, where = key(), key(), key()
local ended, any_account, account, unused_since = arg(), arg(), arg(), tonumber(arg())
local entries = take_entries()
local s = find_session(where)
if not s then return 0 end
local lies_in = string.match(s.renewable, '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n')
if any_account ~= '1' and lies_in ~= account then return 0 end
if s.ended ~= '' or (unused_since and last_use(s) > unused_since) then return 0 end
end_session(where, s, ended)
tell(marker)
local r = find_record(record_at)
if r then
  move(r)
  resave_record(record_at, r)
end
write_entries(entries)
return 1
`,
);

const REPLACE = `
if m then
  m.text = text
  raise(m, keep)
  move(m)
  save_record(membership.where, m, now)
  list_membership(membership, true)
else
  r.text = text
end
raise(r, keep)
move(r)
save_record(record_at, r, now)
tell(marker)
write_entries(entries)
return 'advanced'
`;

/**
 * Advances the epoch of a scope. Leaves out the session functions, because a script creates all its functions anew at
 * each call.
 */
export const ADVANCE: Script = new OnceScript(
  [RECORD, LOG],
  `
local record_at, marker = key(), key()
local now, version, keep, text = number(), arg(), arg(), arg()
local membership = take_membership()
local member_version = arg()
local entries = take_entries()
local r = find_record(record_at)
local m = membership and find_record(membership.where)
if not is_version(r, version) or (membership and not is_version(m, member_version)) then return 'conflict' end
${REPLACE}`,
);

/**
 * Advances the epoch of a scope for a session, the initiator, which must be living. Also rotates the secret of that
 * session.
 */
export const ADVANCE_FOR: Script = new OnceScript(
  [SESSION, RECORD, LOG],
  `
local record_at, marker = key(), key()
local now, version, keep, text = number(), arg(), arg(), arg()
local membership = take_membership()
local member_version = arg()
local where, if_credential, credential, serial = key(), arg(), arg(), arg()
local entries = take_entries()
local r = find_record(record_at)
local s = find_session(where)
local m = membership and find_record(membership.where)
if not is_version(r, version) or (membership and not is_version(m, member_version)) then return 'conflict' end
if not s or s.credential ~= if_credential or not is_living(s, now) then return 'not-live' end
s.credential, s.serial = credential, serial
redis.call('SET', where, value_of(s), 'KEEPTTL')
${REPLACE}`,
);

/** Removes sessions of one user. Returns how many existed. */
export const REMOVE: Script = new OnceScript(
  [RECORD],
  `
local record_at, marker, index, aside = key(), key(), key(), key()
local removed = 0
for _, id in ipairs(ARGV) do
  removed = removed + redis.call('DEL', key())
  redis.call('ZREM', index, id)
  redis.call('ZREM', aside, id)
end
if removed > 0 then tell(marker) end
local r = removed > 0 and find_record(record_at)
if r then
  move(r)
  resave_record(record_at, r)
end
return removed
`,
);

/** Removes those of the given sessions that were over by themselves at a time, and ids of missing sessions. */
export const SWEEP: Script = new OnceScript(
  [SESSION],
  `
local index, aside, before = key(), key(), number()
local removed = 0
for _ = 1, number() do
  local where, id = key(), arg()
  local s = find_session(where)
  local over = s and over_at(s)
  if over and over <= before then
    removed = removed + redis.call('DEL', where)
    s = nil
  end
  if not s then
    redis.call('ZREM', index, id)
    redis.call('ZREM', aside, id)
  end
end
return removed
`,
);

/**
 * Moves sessions to the index of sessions that are over for good. Returns some ids that were moved earlier, whose
 * sessions may be long gone.
 */
export const SET_ASIDE: Script = new Script(
  ARGUMENTS,
  `
local index, aside = key(), key()
local left = redis.call('PTTL', index)
local ttl = left >= 0 and left or nil
for _, id in ipairs(ARGV) do
  local score = redis.call('ZSCORE', index, id)
  if score then
    enroll(aside, score, id, ttl)
    redis.call('ZREM', index, id)
  end
end
if redis.call('ZCARD', aside) < 8 then return {} end
return redis.call('ZRANDMEMBER', aside, 3)
`,
);

/** Sets the policy of an account. Does nothing if the policy is not the one that the caller read. */
export const SET_POLICY: Script = new OnceScript(
  [LOG],
  `
local where, value, has_value, if_value = key(), arg(), arg(), arg()
local entries = take_entries()
local there = redis.call('GET', where)
if has_value == '1' then
  if there ~= if_value then return 0 end
elseif there then
  return 0
end
redis.call('SET', where, value)
write_entries(entries)
return 1
`,
);

export const APPEND: Script = new Script(ARGUMENTS, LOG, 'write_entries(take_entries())');
