import { type RealmsFound, withTimeout } from '../../src/adapter.ts';
import type { Task } from './task.ts';

const MAX_USERS = 500;

/** Returns the realms that have sessions in the store, or `null` if the store cannot tell. Never fails, because it only serves a hint. */
export async function realmsOf(task: Task): Promise<RealmsFound | null> {
  try {
    const { store } = await task.connect();
    const power = store.powers?.diagnosis;
    if (power?.realms === undefined) return null;
    const { realms, complete } = await withTimeout(power.realms(MAX_USERS), task.options.timeout);
    return { realms: [...realms].sort(), complete };
  } catch {
    return null;
  }
}

export function realmsText({ realms, complete }: RealmsFound): string {
  if (realms.length === 0) return complete ? 'none' : 'not known';
  return `${realms.join(', ')}${complete ? '' : ', and maybe others'}`;
}

export async function realmsHint(task: Task): Promise<string> {
  const found = await realmsOf(task);
  const spelling = 'check that the names and the realm are spelled as in the app (--realm, or SESSION_REALM)';
  if (found === null) return spelling;
  if (found.realms.length === 0 && found.complete) {
    return 'check that --store names the store of the app: this one holds no sessions at all';
  }
  return `${spelling}; the store holds sessions of these realms: ${realmsText(found)}`;
}
