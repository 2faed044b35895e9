// @ts-check
// The features of each product, and where to see them.

/** @type {Readonly<Record<string, readonly { id: string, text: string, see: string }[]>>} */
export const ROWS = {
  a: [
    { id: 'A1', text: 'Sign out ends this device only.', see: 'the button on every page' },
    {
      id: 'A2',
      text: 'Sign out everywhere refuses every session signed in until that moment, this one too.',
      see: 'Profile',
    },
    { id: 'A3', text: 'It lands on the next action: nothing is pushed to an open page.', see: 'a second browser' },
    { id: 'A4', text: 'Teammates keep their sessions.', see: 'member@acme.example in a second browser' },
    { id: 'A5', text: 'A password change does the same, with no second click.', see: 'Sessions & security' },
    {
      id: 'A6',
      text: 'Nothing expires: signed in until signing out.',
      see: 'lifetime: { absolute: null, idle: null }',
    },
    { id: 'A7', text: 'There is no list of devices, and no route for one.', see: 'GET /sessions is 404' },
    { id: 'A8', text: 'Afterwards, password and second factor are asked again.', see: 'the sign-in page' },
    {
      id: 'A9',
      text: 'On a custom domain, the login page is that of the same host.',
      see: 'http://acme.localhost, the same port',
    },
    { id: 'A10', text: 'The page asks for confirmation first.', see: 'Sessions & security' },
  ],
  b: [
    { id: 'B1', text: 'Remote log-out ends all browser sessions and remembered devices.', see: 'Profile' },
    { id: 'B2', text: 'API and MCP tokens stay; they are revoked by their own kind.', see: 'Tokens' },
    { id: 'B3', text: 'The asking device is out at once, others on their next request.', see: 'a second browser' },
    { id: 'B4', text: 'Second factors stay as they are.', see: 'they are the app’s, not the library’s' },
    { id: 'B5', text: 'The audit log gets user.session_invalidated.', see: 'Audit log' },
    { id: 'B6', text: 'It is for paying customers: the free plan is refused.', see: 'solo@beta.example' },
  ],
  c: [
    {
      id: 'C1',
      text: 'An administrator sets what a log-out ends, for all users of the account.',
      see: 'the switch on Profile',
    },
    {
      id: 'C2',
      text: 'With “everywhere”, a plain log-out ends all of the user’s sessions and tokens in the account.',
      see: 'Log out',
    },
    { id: 'C3', text: 'It holds from the next log-out after saving.', see: 'the switch ends nobody’s session' },
    { id: 'C4', text: 'Other services refuse within a stated time.', see: 'a second process on the same DATABASE' },
    { id: 'C5', text: 'A new sign-in works normally.', see: 'the sign-in page' },
  ],
  d: [
    { id: 'D1', text: 'Buyers and the dashboard’s users are separate realms.', see: 'Shop' },
    {
      id: 'D2',
      text: 'A review lists members, roles, second factors, shared devices and idle sessions.',
      see: 'Review',
    },
    { id: 'D3', text: 'Every revocation records who, why and a note.', see: 'Audit log' },
    { id: 'D4', text: 'Old sessions are cleaned up in one call.', see: 'Review' },
    { id: 'D5', text: 'A dry run names what would end.', see: 'Review: each act asks first, and names what would end' },
    { id: 'D6', text: 'Suspicious activity is told: a new device, a changed browser, an old token.', see: 'Audit log' },
    { id: 'D7', text: 'A guide helps a team to decide.', see: 'docs/deciding.md' },
  ],
  e: [
    { id: 'E1', text: 'A row per session: Chrome on Mac OS, Safari on iOS.', see: 'Profile' },
    { id: 'E2', text: 'Just now, 3 hours ago, 5 days ago.', see: 'Profile' },
    { id: 'E3', text: 'Current session on this device, Log out on the others.', see: 'Profile' },
    { id: 'E4', text: 'Log out ends that one, at its next request.', see: 'a second browser' },
    { id: 'E5', text: 'Log out other devices asks first, and keeps only this one.', see: 'Profile' },
    { id: 'E6', text: 'A changed password or e-mail address does that by itself.', see: 'Sessions & security' },
    { id: 'E7', text: 'A password reset ends every session.', see: '“Forgot your password?”' },
    {
      id: 'E8',
      text: '30 days from the sign-in and never more; pruned every hour.',
      see: 'lifetime: { absolute: "30d" }',
    },
    { id: 'E9', text: 'One session per browser and system: signing in again replaces it.', see: 'Profile' },
    { id: 'E10', text: 'Removing the last login method ends every session.', see: 'Sessions & security' },
  ],
};
