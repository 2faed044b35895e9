import type { AuditRecord, Ending } from '../../../src/adapter.ts';
import { rowOfRecord } from '../sql/audit-rows.ts';
import { markOf } from '../sql/session-rows.ts';
import { toColumn } from '../sql/values.ts';
import { ENTRY_NAMES, windowOf } from './statements/fragments.ts';

/** Converts a value to a parameter. Numbers go as text, see `number` in `fragments.ts`. */
export const parameter = (value: string | number | null | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

export const parameters = (values: readonly (string | number | null)[]): (string | null)[] => values.map(parameter);

export const endingsOf = (endings: readonly Ending[]): string =>
  JSON.stringify(
    endings.map(({ id, ended }) => {
      const [at, by, reason, origin] = markOf(ended);
      return { id, at, by, reason, origin, due: windowOf(ended.at) };
    }),
  );

export function entriesOf(audit: readonly AuditRecord[], endings: readonly Ending[] = []): string {
  const entries = audit.map(entryOf);
  for (const { id, audit: ofEnding } of endings) {
    for (const record of ofEnding) entries.push({ ...entryOf(record), ending: id });
  }
  return JSON.stringify(entries);
}

function entryOf(record: AuditRecord): Record<string, unknown> {
  const row = rowOfRecord(record);
  const { message } = record;
  return {
    ...Object.fromEntries(ENTRY_NAMES.map((name, at) => [name, row[at]])),
    ...(message && { body: toColumn(message.body), queues: message.queues }),
  };
}
