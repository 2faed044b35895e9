import { expect, type TestContext, test } from 'vitest';

/** The requirements about HTTP, by group: how many there are of each. */
const GROUPS = { CKE: 14, LGO: 7, CSR: 11, ERR: 11 };

/** What a session layer cannot enforce, and why. Every other id is in the name of a behaviour of this list. */
export const NOT_OURS: Readonly<Record<string, string>> = {
  'CSR-9':
    'It is about endpoints that other servers call. These routes are for signed-in users: the credential is the cookie, or a token that no page can have sent.',
  'CSR-10':
    'What is in the content of a form, a session identifier for one, is the app’s. Fetch Metadata and Origin decide.',
};

const all = Object.entries(GROUPS).flatMap(([group, last]) =>
  Array.from({ length: last }, (_, at) => `${group}-${at + 1}`),
);

type Task = TestContext['task'];
type Suite = NonNullable<Task['suite']>;

/** The names of what is run, each with those that it stands under. */
function* namesOf({ name, mode, ...task }: Task | Suite): Generator<string> {
  if (mode === 'skip' || mode === 'todo') return;
  if (!('tasks' in task)) yield name;
  else for (const below of task.tasks) for (const rest of namesOf(below)) yield `${name} ${rest}`;
}

/** That nothing is missing: said by the names of the tests themselves, in the run of each framework. */
export function standards(): void {
  test('every requirement about HTTP has a behaviour that names it, or a reason why not', ({ task }) => {
    const list = task.suite?.suite;
    if (list === undefined) throw new Error('this test stands in the list');
    const named = new Set([...namesOf(list)].flatMap((name) => name.match(/\b(CKE|LGO|CSR|ERR)-\d+\b/g) ?? []));
    expect(all.filter((id) => !named.has(id))).toEqual(Object.keys(NOT_OURS));
    expect([...named].filter((id) => !all.includes(id))).toEqual([]);
  });
}
