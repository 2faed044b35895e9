// @ts-check

/**
 * Mails a user after a sign-in from a device that the user's other sessions do not know. The library only reports suspicious
 * signs. It does not refuse the sign-in.
 *
 * @param {import('./app.js').Demo} demo
 */
export function alertUsers({ sessions, users, mail }) {
  sessions.on('session.suspicious', async ({ sign, user, device }) => {
    const to = sign === 'new-device' && user !== null ? (await users.get(user))?.email : undefined;
    if (to === undefined) return;
    const text = `Somebody signed in from ${device?.label ?? 'an unknown device'}. Was it not you? Change your password.`;
    mail({ to, subject: 'A new device', text, token: null });
  });
}
