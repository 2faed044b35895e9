import { ARGUMENTS } from './arguments.ts';
import { Script } from './script.ts';

/**
 * How long the server keeps the answer of a script, in ms. A client may resend a command whose reply was lost. By
 * default, ioredis tries over 20 connections, each of which takes at most 12 s. Its cluster and node-redis's Sentinel
 * client try 16 times. All of them finish within 4 minutes.
 */
export const REMEMBERED = 600_000;

/**
 * A script that takes effect once, however often its client sends it. The script stores its answer under a key that is
 * new for each operation. A resent command finds the key, and replies with the stored answer. `Server.run` chooses the
 * key, in the same slot as the other keys.
 *
 * These scripts do not need it, because a second run has no relevant effect:
 *
 * - `KEEP_RECORD` recognizes by its random version that it created the record.
 * - `TOUCH`, `NOTE_DATE`, `ANNOUNCE` and `INTEND` only move a time. No caller uses a result that a second run changes.
 * - `APPEND` writes each entry under its id, unless it exists.
 * - `SET_DATE` compares with the date that was read.
 * - `LEAVE` skips users who were announced in the last 21 minutes. This includes users who were announced while it was
 *   in transit.
 */
export class OnceScript extends Script {
  constructor(helpers: readonly string[], body: string) {
    super(
      ARGUMENTS,
      `
local remembered_at = key()
local remembered = redis.call('GET', remembered_at)
if remembered then
  put_again(remembered_at)
  return cjson.decode(remembered)
end`,
      ...helpers,
      `
local function run()
${body}
end
local answer = run()
put(remembered_at, cjson.encode(answer), ${REMEMBERED})
return answer
`,
    );
  }
}
