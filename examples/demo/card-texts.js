// @ts-nocheck This runs in the browser, but the type check has no DOM types.
// Runs before the card's script. With these texts, the card of product a says "Sign out" instead of "Log out".
const texts = {
  signOut: 'Sign out',
  confirmSignOut: 'Sign out?',
  signedOut: 'You are signed out.',
  signOutEverywhere: 'Sign out everywhere',
  confirmEverywhere: 'Sign out everywhere?',
  sessionOver: 'You are signed out. Sign in again to go on.',
  storeUnavailable: 'The server cannot answer at the moment. No device was signed out.',
};
for (const card of document.querySelectorAll('login-management')) card.texts = texts;
