import { OnceScript } from './once.ts';
import type { Script } from './script.ts';

/** Lua helpers for queues of messages. The keys of a queue are its order, its messages and their states. */
export const QUEUES: string = `
local function take_queue() return { name = arg(), order = key(), messages = key(), states = key() } end

local function queue_last(places, names, queue, id, message)
  redis.call('ZADD', queue.order, redis.call('INCR', places), id)
  redis.call('HSET', queue.messages, id, message)
  redis.call('SADD', names, queue.name)
end
`;

/** Changes a message whose state is the one that was read: sets its state, removes it, or moves it to another queue. */
export const CHANGE_MESSAGE: Script = new OnceScript(
  [QUEUES],
  `
local places, names, from, id, if_state, what, state = key(), key(), take_queue(), arg(), arg(), arg(), arg()
local message = redis.call('HGET', from.messages, id)
if not message or (redis.call('HGET', from.states, id) or '') ~= if_state then return 0 end
local to = what == 'move' and take_queue() or from
if what ~= 'note' then
  redis.call('ZREM', from.order, id)
  redis.call('HDEL', from.messages, id)
  redis.call('HDEL', from.states, id)
  if redis.call('ZCARD', from.order) == 0 then redis.call('SREM', names, from.name) end
end
if what == 'move' then queue_last(places, names, to, id, message) end
if what ~= 'remove' then redis.call('HSET', to.states, id, state) end
return 1
`,
);
