import { ARGUMENTS } from './arguments.ts';
import { OnceScript } from './once.ts';
import { Script } from './script.ts';

/**
 * Announces a member of a member index. Returns some of the members that were announced longest ago, for the caller to
 * check. So no index keeps users who are gone, even if no process prunes.
 */
export const ANNOUNCE: Script = new Script(
  ARGUMENTS,
  `
local members, seen, member, ttl, settled, stale = key(), key(), arg(), tonumber(arg()), number(), number()
local now = server_time()
enroll(members, 0, member, ttl)
enroll(seen, whole(now), member, ttl)
local others = redis.call('ZRANGEBYSCORE', seen, '-inf', whole(now - stale), 'LIMIT', 0, 2)
-- They go to the back of the row, and may leave all the same.
for _, other in ipairs(others) do redis.call('ZADD', seen, whole(now - settled), other) end
return others
`,
);

/**
 * Removes members from a member index, except those that were announced recently. Their write may still be in transit,
 * and the lookup that found no sessions came too early.
 */
export const LEAVE: Script = new Script(
  ARGUMENTS,
  `
local members, seen, settled = key(), key(), number()
local until_then = server_time() - settled
for at = 2, #ARGV do
  local since = redis.call('ZSCORE', seen, ARGV[at])
  if not since or tonumber(since) <= until_then then
    redis.call('ZREM', members, ARGV[at])
    redis.call('ZREM', seen, ARGV[at])
  end
end
`,
);

/**
 * Records when data of a member may be due. Always lowers an existing date, if only by a millisecond. A process that
 * read the earlier date then finds another one, and does not change it. Returns some members that have been due for
 * long.
 */
export const NOTE_DATE: Script = new Script(
  ARGUMENTS,
  `
local dates, member, date, long_due = key(), arg(), number(), arg()
local there = redis.call('ZSCORE', dates, member)
if there then date = math.min(date, tonumber(there) - 1) end
redis.call('ZADD', dates, whole(date), member)
return redis.call('ZRANGEBYSCORE', dates, '-inf', long_due, 'WITHSCORES', 'LIMIT', 0, 2)
`,
);

/** Sets or removes the date of a member, if it is still the date that was read. */
export const SET_DATE: Script = new Script(
  ARGUMENTS,
  `
local dates, member, seen, next_date = key(), arg(), number(), tonumber(arg())
local there = redis.call('ZSCORE', dates, member)
if not there or tonumber(there) ~= seen then return 0 end
if next_date then
  redis.call('ZADD', dates, whole(next_date), member)
else
  redis.call('ZREM', dates, member)
end
return 1
`,
);

/** Removes a record that need not be kept. Returns whether it did, and otherwise until when it is kept. */
export const REMOVE_RECORD: Script = new OnceScript(
  [],
  String.raw`
local where, before = key(), number()
local value = redis.call('GET', where)
if not value then return { 0 } end
local keep = string.match(value, '^[^\n]*\n([^\n]*)\n')
if keep ~= '' and tonumber(keep) < before then return { redis.call('DEL', where) } end
return { 0, keep }
`,
);

/** Removes log entries whose texts are those that were read, and returns their number. */
export const REMOVE_ENTRIES: Script = new OnceScript(
  [],
  `
local log, keep = key(), key()
local removed = 0
for _ = 1, number() do
  local id, text = arg(), arg()
  local is_same = redis.call('HGET', log, id) == text
  if is_same then
    removed = removed + redis.call('HDEL', log, id)
    redis.call('ZREM', keep, id)
  end
  for _ = 1, number() do
    local index = key()
    if is_same then redis.call('ZREM', index, id) end
  end
end
return removed
`,
);

/** Replaces entries whose texts are those that were read, removes them from indexes, and returns their number. */
export const REPLACE_ENTRIES: Script = new OnceScript(
  [],
  `
local log = key()
local replaced = 0
for _ = 1, number() do
  local id, text, other = arg(), arg(), arg()
  local is_same = redis.call('HGET', log, id) == text
  if is_same then
    redis.call('HSET', log, id, other)
    replaced = replaced + 1
  end
  for _ = 1, number() do
    local index = key()
    if is_same then redis.call('ZREM', index, id) end
  end
end
return replaced
`,
);

/** Records that an outbox may receive entries. */
export const INTEND: Script = new Script(ARGUMENTS, `redis.call('ZADD', key(), whole(server_time()), arg())`);

/** Returns the intents, and separately those that are too old for entries to follow. */
export const INTENTS: Script = new Script(
  ARGUMENTS,
  `
local intents, settled = key(), number()
return {
  redis.call('ZRANGE', intents, 0, 999),
  redis.call('ZRANGEBYSCORE', intents, '-inf', whole(server_time() - settled), 'LIMIT', 0, 1000),
}
`,
);
