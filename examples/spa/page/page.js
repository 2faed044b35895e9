// @ts-check
import { ask, remember } from './tokens.js';

const status = /** @type {HTMLElement} */ (document.querySelector('[role=status]'));
const login = /** @type {HTMLFormElement} */ (document.querySelector('#login'));
const home = /** @type {HTMLElement} */ (document.querySelector('#home'));
const who = /** @type {HTMLElement} */ (document.querySelector('#who'));
const devices = /** @type {HTMLElement} */ (document.querySelector('#devices'));

login.addEventListener('submit', (event) => {
  event.preventDefault();
  run(async () => {
    const response = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(new FormData(login))),
    });
    if (!response.ok) {
      status.textContent = 'That did not work.';
      return;
    }
    login.reset();
    remember(await response.json());
    await show();
  });
});

on('#look', () => show());
on('#sign-out', () => leave('/sessions/sign-out'));
on('#sign-out-everywhere', () => leave('/sessions/sign-out-everywhere'));
run(show);

/** Shows the user and the devices. Without a session, shows the sign-in form. */
async function show() {
  const [me, list] = await Promise.all([ask('/api/me'), ask('/sessions')]);
  const isSignedIn = me.ok && list.ok;
  login.hidden = isSignedIn;
  home.hidden = !isSignedIn;
  status.textContent = isSignedIn ? '' : 'Sign in to go on.';
  if (!isSignedIn) return;
  const { user } = await me.json();
  const { sessions } = await list.json();
  who.textContent = user;
  devices.replaceChildren(...sessions.map(rowOf));
}

/** @param {{ id: string, current: boolean, device: { label: string }, client: { name: string } | null }} session */
function rowOf({ id, current, device, client }) {
  const row = document.createElement('li');
  row.append(client === null ? device.label : `${device.label}, ${client.name}`);
  if (current) {
    row.append(': this one');
    return row;
  }
  const button = document.createElement('button');
  button.textContent = 'Sign out';
  button.addEventListener('click', () =>
    run(async () => {
      await ask(`/sessions/${id}`, { method: 'DELETE' });
      await show();
    }),
  );
  row.append(' ', button);
  return row;
}

/** @param {string} path */
async function leave(path) {
  await ask(path, { method: 'POST' });
  remember(null);
  await show();
}

/**
 * @param {string} selector
 * @param {() => Promise<void>} action
 */
function on(selector, action) {
  document.querySelector(selector)?.addEventListener('click', () => run(action));
}

/**
 * An outage is not a sign-out, so the page keeps its content.
 *
 * @param {() => Promise<void>} action
 */
function run(action) {
  action().catch(() => {
    status.textContent = 'The server cannot answer at the moment.';
  });
}
