/**
 * Lua helpers that take and write audit entries. See `audit/journal.ts` for the choice between log and outbox. A script
 * takes all arguments before it writes.
 */
export const LOG: string = `
local function take_entries()
  local entries = { outbox = arg() == 'outbox' and key() }
  for at = 1, number() do
    if entries.outbox then
      entries[at] = { text = arg() }
    else
      local entry = { log = key(), keep = key(), indexes = {}, id = arg(), at = arg(), keep_until = arg(), text = arg() }
      for index = 1, number() do entry.indexes[index] = key() end
      entries[at] = entry
    end
  end
  return entries
end

local function write_entries(entries)
  for _, entry in ipairs(entries) do
    if entries.outbox then
      redis.call('RPUSH', entries.outbox, entry.text)
    elseif redis.call('HSETNX', entry.log, entry.id, entry.text) == 1 then
      redis.call('ZADD', entry.keep, entry.keep_until, entry.id)
      for _, index in ipairs(entry.indexes) do redis.call('ZADD', index, entry.at, entry.id) end
    end
  end
end
`;
