import { Script } from '../script.ts';
import { ARGUMENTS } from './arguments.ts';

/**
 * Announces a member of a roster. Answers some others who were announced longest ago, for somebody to look after: so no
 * roster grows by those who are gone, even where nobody prunes.
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
 * Takes members off a roster, but for those who were announced lately: what they were announced for may still be on its
 * way, and whoever looked for it came too early.
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
 * Notes when something of a member may be due. Always lowers what stands there, if by a millisecond: whoever looked before
 * finds another date than the one they saw, and leaves it. Answers some that have been due for long.
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

/** Sets the next date of a member, or none, if the one that was seen is still there. */
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

/** Removes a record that must be kept no longer. Answers whether it did, and until when it is kept where it did not. */
export const REMOVE_RECORD: Script = new Script(
  ARGUMENTS,
  String.raw`
local where, before = key(), number()
local value = redis.call('GET', where)
if not value then return { 0 } end
local keep = string.match(value, '^[^\n]*\n([^\n]*)\n')
if keep ~= '' and tonumber(keep) < before then return { redis.call('DEL', where) } end
return { 0, keep }
`,
);

/** Removes entries of the log whose texts are the ones that were read, and tells how many. */
export const REMOVE_ENTRIES: Script = new Script(
  ARGUMENTS,
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

/** Replaces entries whose texts are the ones that were read, takes them out of indexes, and tells how many. */
export const REPLACE_ENTRIES: Script = new Script(
  ARGUMENTS,
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

/** Says that an outbox may come to hold entries. */
export const INTEND: Script = new Script(ARGUMENTS, `redis.call('ZADD', key(), whole(server_time()), arg())`);

/** What was intended, and behind it, what was intended so long ago that nothing more can come of it. */
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
