import { ARGUMENTS } from './arguments.ts';
import { OnceScript } from './once.ts';
import { Script } from './script.ts';

/**
 * Adds a user to a member index, with the time. Returns some members that were announced long ago. The caller checks
 * them, so that no index keeps users who are gone.
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
 * Removes users from a member index, except those who were announced recently. Their session may have been in transit
 * when the caller looked for it.
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
 * Records a due date. An existing date always becomes lower, if only by a millisecond. So a process that read the
 * existing date cannot replace the new one by `SET_DATE`. Returns some members that have been due for long.
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

/** Replaces or removes a due date. Does nothing if the date is not the one that the caller read. */
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

/**
 * Removes a record that need not be kept longer. Returns whether it removed the record, and otherwise until when it is
 * kept.
 */
export const REMOVE_RECORD: Script = new OnceScript(
  [],
  String.raw`
local where, marker, before = key(), key(), number()
local value = redis.call('GET', where)
if not value then return { 0 } end
local keep = string.match(value, '^[^\n]*\n([^\n]*)\n')
if keep ~= '' and tonumber(keep) < before then
  tell(marker)
  return { redis.call('DEL', where) }
end
return { 0, keep }
`,
);

/** Removes audit entries. Skips entries that differ from the texts that the caller read. */
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

/**
 * Replaces audit entries, and removes them from indexes. Skips entries that differ from the texts that the caller read.
 */
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
