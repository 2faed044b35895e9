import { expect, type TestContext, test } from 'vitest';

/** The number of requirements about HTTP in each group. */
const GROUPS = { CKE: 14, LGO: 7, CSR: 11, ERR: 11 };

/** Requirements that a session layer cannot enforce, with the reason. Every other id is in the name of a test. */
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

/** Yields the names of the tests that run, each with the names of its suites. */
function* namesOf({ name, mode, ...task }: Task | Suite): Generator<string> {
  if (mode === 'skip' || mode === 'todo') return;
  if (!('tasks' in task)) yield name;
  else for (const below of task.tasks) for (const rest of namesOf(below)) yield `${name} ${rest}`;
}

/** Checks, by the names of the tests, that no requirement is missing. Runs for each framework. */
export function standards(): void {
  test('every requirement about HTTP has a behaviour that names it, or a reason why not', ({ task }) => {
    const list = task.suite?.suite;
    if (list === undefined) throw new Error('this test stands in the list');
    const named = new Set([...namesOf(list)].flatMap((name) => name.match(/\b(CKE|LGO|CSR|ERR)-\d+\b/g) ?? []));
    expect(all.filter((id) => !named.has(id))).toEqual(Object.keys(NOT_OURS));
    expect([...named].filter((id) => !all.includes(id))).toEqual([]);
  });
}
