import { Script } from './script.ts';

/** Checks commands without running them. Servers older than 7.0 cannot check; there it returns none. */
export const DENIED: Script = new Script(`
local where, waits, cluster = KEYS[1], ARGV[1] == '1', ARGV[2] == '1'
local commands = {
  { 'GET', where }, { 'MGET', where }, { 'PTTL', where },
  { 'SET', where, '' }, { 'DEL', where }, { 'PERSIST', where }, { 'PEXPIRE', where, '1' },
  { 'HGET', where, '' }, { 'HMGET', where, '' },
  { 'HSET', where, '', '' }, { 'HSETNX', where, '', '' }, { 'HDEL', where, '' },
  { 'LRANGE', where, '0', '0' }, { 'RPUSH', where, '' }, { 'LREM', where, '1', '' },
  { 'SMEMBERS', where }, { 'SADD', where, '' }, { 'SREM', where, '' }, { 'INCR', where },
  { 'ZRANGE', where, '0', '0' }, { 'ZRANGEBYSCORE', where, '0', '0' }, { 'ZSCORE', where, '' },
  { 'ZCARD', where }, { 'ZRANDMEMBER', where, '1' }, { 'ZADD', where, '0', '' }, { 'ZREM', where, '' },
  { 'EVAL', '', '0' }, { 'EVALSHA', '', '0' }, { 'INFO' }, { 'TIME' },
  -- The client of a cluster knows itself who is a primary.
  cluster and { 'EXISTS', where } or { 'ROLE' },
}
if waits then commands[#commands + 1] = { 'WAIT', '1', '1' } end
local denied = {}
if not redis.acl_check_cmd then return denied end
for _, command in ipairs(commands) do
  -- It raises an error for a command that was renamed, or is not there.
  local known, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if not known or not allowed then denied[#denied + 1] = command[1] end
end
return denied
`);
