import { Script } from '../script.ts';
import { ARGUMENTS } from './arguments.ts';
import { LOG } from './log.ts';
import { RECORD } from './record.ts';
import { END_OTHERS, SESSION } from './session.ts';

/** Creates a record, or has it kept for longer. Answers whether it is new, and its value. */
export const KEEP_RECORD: Script = new Script(
  ARGUMENTS,
  RECORD,
  String.raw`
local where, now, version, keep, text = key(), number(), arg(), arg(), arg()
local r = find_record(where)
local is_new = not r and 1 or 0
if not r then r = { version = version, keep = keep, text = text } end
raise(r, keep)
save_record(where, r, now)
return { is_new, r.version .. '\n' .. r.keep .. '\n' .. r.text }
`,
);

/** Writes a new session. Answers whether it did, and some ids of the user's index, which may be of sessions long gone. */
export const ADD: Script = new Script(
  ...[ARGUMENTS, SESSION, RECORD, LOG, END_OTHERS],
  `
local record_at, where, index = key(), key(), key()
local now, version, keep, value, id = number(), arg(), arg(), arg(), arg()
local entries = take_entries()
local s, there = session_of(value), find_session(where)
-- Clients may send a command again whose answer was lost. A hash is nobody else's.
if there and there.hash == s.hash then
  put_again(where)
  return { 1 }
end
local r = find_record(record_at)
if there or not is_version(r, version) then return { 0 } end
put(where, value, life_of(s, now))
enroll(index, s.created, id, reach_of(s, now))
end_others(now)
raise(r, keep)
move(r)
save_record(record_at, r, now)
write_entries(entries)
if redis.call('ZCARD', index) < 8 then return { 1 } end
return { 1, redis.call('ZRANDMEMBER', index, 3) }
`,
);

/** Notes a use. */
export const TOUCH: Script = new Script(
  ARGUMENTS,
  SESSION,
  `
local where, index, at = key(), key(), arg()
local now = tonumber(at)
local s = find_session(where)
if not s or not is_living(s, now) or last_use(s) >= now then return 0 end
s.used = since(s, at)
put(where, value_of(s), life_of(s, now))
outlive(index, reach_of(s, now), redis.call('PTTL', index))
return 1
`,
);

/** Replaces what a renewal may change. */
export const RENEW: Script = new Script(
  ...[ARGUMENTS, SESSION, RECORD, LOG, END_OTHERS],
  `
local record_at, where, index = key(), key(), key()
local now, if_hash, version, keep, moves = number(), arg(), arg(), arg(), arg()
local hash, serial, used, expires, idle = arg(), arg(), number(), arg(), arg()
local retention, authenticated, renewable = arg(), arg(), arg()
local entries = take_entries()
local s = find_session(where)
if s and s.hash == hash and hash ~= if_hash then
  put_again(where)
  return 'renewed'
end
if not s or s.hash ~= if_hash or not is_living(s, now) then return 'not-live' end
local r = find_record(record_at)
if version ~= '' and not is_version(r, version) then return 'conflict' end
s.used = whole(math.max(last_use(s), used) - tonumber(s.created))
s.hash, s.serial, s.expires, s.idle, s.retention = hash, serial, since(s, expires), idle, retention
s.authenticated = since(s, authenticated)
s.renewable = renewable
put(where, value_of(s), life_of(s, now))
outlive(index, reach_of(s, now), redis.call('PTTL', index))
end_others(now)
if r then
  raise(r, keep)
  if moves == '1' then move(r) end
  save_record(record_at, r, now)
end
write_entries(entries)
return 'renewed'
`,
);

/** Writes a tombstone. One that is there already stays, and is confirmed by replicas as a new one is. */
export const END: Script = new Script(
  ...[ARGUMENTS, SESSION, RECORD, LOG],
  String.raw`
local record_at, where = key(), key()
local ended, any_account, account = arg(), arg(), arg()
local entries = take_entries()
local s = find_session(where)
if not s then return 0 end
local lies_in = string.match(s.renewable, '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n')
if any_account ~= '1' and lies_in ~= account then return 0 end
if s.ended ~= '' then
  put_again(where)
  return 0
end
end_session(where, s, ended)
local r = find_record(record_at)
if r then
  move(r)
  resave_record(record_at, r)
end
write_entries(entries)
return 1
`,
);

/** The end of an advance. */
const REPLACE = `
r.text = text
raise(r, keep)
move(r)
save_record(record_at, r, now)
write_entries(entries)
return 'advanced'
`;

/** Replaces a record. Knows nothing of sessions: what is not there need not be made anew at each call. */
export const ADVANCE: Script = new Script(
  ...[ARGUMENTS, RECORD, LOG],
  `
local record_at = key()
local now, version, keep, text = number(), arg(), arg(), arg()
local entries = take_entries()
local r = find_record(record_at)
if not is_version(r, version) then return 'conflict' end
`,
  REPLACE,
);

/** The same, which rotates the secret of who asked for it. */
export const ADVANCE_FOR: Script = new Script(
  ...[ARGUMENTS, SESSION, RECORD, LOG],
  `
local record_at = key()
local now, version, keep, text = number(), arg(), arg(), arg()
local where, if_hash, hash, serial = key(), arg(), arg(), arg()
local entries = take_entries()
local r = find_record(record_at)
local s = find_session(where)
-- Sent again, see above.
if s and s.hash == hash and hash ~= if_hash and r and r.text == text then
  put_again(record_at)
  return 'advanced'
end
if not is_version(r, version) then return 'conflict' end
if not s or s.hash ~= if_hash or not is_living(s, now) then return 'not-live' end
s.hash, s.serial = hash, serial
redis.call('SET', where, value_of(s), 'KEEPTTL')
`,
  REPLACE,
);

/** Removes sessions of a user, whatever they are, and tells how many were there. */
export const REMOVE: Script = new Script(
  ARGUMENTS,
  RECORD,
  `
local record_at, index = key(), key()
local removed = 0
for _, id in ipairs(ARGV) do
  removed = removed + redis.call('DEL', key())
  redis.call('ZREM', index, id)
end
local r = removed > 0 and find_record(record_at)
if r then
  move(r)
  resave_record(record_at, r)
end
return removed
`,
);

/** Removes sessions that were over by themselves at a time, and ids of what is gone from the index. */
export const SWEEP: Script = new Script(
  ARGUMENTS,
  SESSION,
  `
local index, before = key(), number()
local removed = 0
for _ = 1, number() do
  local where, id = key(), arg()
  local s = find_session(where)
  local over = s and over_at(s)
  if over and over <= before then
    removed = removed + redis.call('DEL', where)
    s = nil
  end
  if not s then redis.call('ZREM', index, id) end
end
return removed
`,
);

/** Sets a policy, if the one that was read is still there. */
export const SET_POLICY: Script = new Script(
  ARGUMENTS,
  LOG,
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

/** Writes entries that go with no other write. */
export const APPEND: Script = new Script(ARGUMENTS, LOG, 'write_entries(take_entries())');
