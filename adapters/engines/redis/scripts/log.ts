import { QUEUES } from './outbox.ts';

/**
 * Lua helpers that take and write audit entries. See `audit/journal.ts` for the choice between log and relay. A script
 * takes all arguments before it writes.
 */
export const LOG: string = `
${QUEUES}
local function take_entries()
  local entries = { relay = arg() == 'relay' and key() }
  for at = 1, number() do
    if entries.relay then
      entries[at] = { text = arg() }
    else
      local entry = { log = key(), keep = key(), indexes = {}, id = arg(), at = arg(), keep_until = arg(), text = arg() }
      for index = 1, number() do entry.indexes[index] = key() end
      entry.queues = {}
      for queue = 1, number() do entry.queues[queue] = take_queue() end
      if #entry.queues > 0 then entry.places, entry.names, entry.message = key(), key(), arg() end
      entries[at] = entry
    end
  end
  return entries
end

local function write_entries(entries)
  for _, entry in ipairs(entries) do
    if entries.relay then
      redis.call('RPUSH', entries.relay, entry.text)
    elseif redis.call('HSETNX', entry.log, entry.id, entry.text) == 1 then
      redis.call('ZADD', entry.keep, entry.keep_until, entry.id)
      for _, index in ipairs(entry.indexes) do redis.call('ZADD', index, entry.at, entry.id) end
      for _, queue in ipairs(entry.queues) do queue_last(entry.places, entry.names, queue, entry.id, entry.message) end
    end
  end
end
`;
