/** All texts of the card in one language. The card fills in names in braces. */
export interface Texts {
  /** Heading of the card. */
  heading: string;
  /** Heading if the rows are hidden. */
  headingWithoutRows: string;
  /** For screen readers, until the first rows are there. */
  loading: string;
  /** Badge of the current session. */
  current: string;
  /** Replaces the time of the last use for the current session. */
  activeNow: string;
  /** The value of `{time}` for a time less than a minute ago. */
  justNow: string;
  /** Time of the last use: `{time}`. */
  lastActive: string;
  /** Time of the sign-in: `{time}`. */
  signedIn: string;
  /** Tooltip with absolute times: `{used}`, `{created}`. */
  times: string;
  /** For sessions with a second factor, if the attribute `show` asks for it. */
  secondFactor: string;
  /** Time of expiry, if the attribute `show` asks for it: `{time}`. */
  expires: string;
  /** Label of a device: `{browser}`, `{os}`. */
  device: string;
  /** Label of a device that the server could not tell. */
  unknownDevice: string;
  /** Badges by the kind of session. A kind without a text is shown as it is. */
  kinds: Readonly<Record<string, string>>;
  /** Shown if the current session is the only one. */
  noOthers: string;
  /** Shown if there are no rows, and if a session to end is already gone. */
  none: string;
  /** Button that loads the next rows. */
  more: string;

  /** Button that ends one other session, in its row and in the confirmation. */
  logOut: string;
  /** Accessible name of the button: `{device}`. */
  logOutDevice: string;
  /** Button that ends all other sessions. */
  logOutOthers: string;
  /** Button that ends all sessions. */
  signOutEverywhere: string;
  /** Button that ends the current session. */
  signOut: string;
  /** Button that closes a confirmation. */
  cancel: string;
  /** `{device}` */
  confirmLogOut: string;
  /** Follows `confirmLogOut`. */
  confirmLogOutDetail: string;
  /** Question before all other sessions end. */
  confirmOthers: string;
  /** Follows `confirmOthers`. */
  confirmOthersDetail: string;
  /** Question before all sessions end. */
  confirmEverywhere: string;
  /** Follows `confirmEverywhere`. */
  confirmEverywhereDetail: string;
  /** Question before the current session ends. */
  confirmSignOut: string;
  /** Follows `confirmSignOut` if only this session ends. */
  confirmSignOutDetail: string;
  /** Replaces `confirmSignOutDetail` if the account ends all sessions. */
  confirmSignOutAllDetail: string;
  /** `{device}` */
  loggedOut: string;
  /** The session of `{device}` had already ended. */
  alreadyOver: string;
  /** Said after all other sessions have ended. */
  othersLoggedOut: string;
  /** Said after the current session has ended. */
  signedOut: string;
  /** Said after all sessions have ended. */
  signedOutEverywhere: string;
  /** Follows `loggedOut` if the server refuses the session from now on. */
  noticesNext: string;
  /** Follows `loggedOut` otherwise: `{time}`, such as `1 second`. */
  noticesWithin: string;
  /** Follows `othersLoggedOut` and `signedOutEverywhere`. */
  othersNoticeNext: string;
  /** `{time}` */
  othersNoticeWithin: string;

  /** Heading of the ended sessions. */
  ended: string;
  /** Shown if there are no ended sessions. */
  noEnded: string;
  /** Heading of the sessions that a new sign-in replaced: `{count}`. */
  replaced: string;
  /** `{what}` is one of `reasonCodes`, `expired` or `endedSomehow`. An unknown `{time}` is left out. */
  endedAt: string;
  /** The user ended the session: `{what}`, `{time}`. */
  endedBySelf: string;
  /** `{fromDevice}` is the device that ended the session. */
  endedBySelfFrom: string;
  /** Another actor ended the session: `{what}`, `{time}`. */
  endedByOther: string;
  /** The actor is unknown, and the device is known: `{what}`, `{time}`, `{fromDevice}`. */
  endedFrom: string;
  /** Value of `{what}` for a session that has expired. */
  expired: string;
  /** Used if the reason is hidden or has no text. */
  endedSomehow: string;
  /** Texts by reason code. An app can add its own codes. */
  reasonCodes: Readonly<Record<string, string>>;

  /** Legend of the form for administrators. */
  policy: string;
  /** Choice: a sign-out ends one session. */
  policySession: string;
  /** Choice: a sign-out ends all of the user's sessions in the account. */
  policyEverywhere: string;
  /** Tells users that a sign-out ends all of their sessions in the account. */
  policyEverywhereNotice: string;
  /** Button that saves the policy, in the form and in the confirmation. */
  policySave: string;
  /** Question before the policy is saved. */
  confirmPolicy: string;
  /** Follows `confirmPolicy` for `policySession`. */
  confirmPolicySession: string;
  /** Follows `confirmPolicy` for `policyEverywhere`. */
  confirmPolicyEverywhere: string;
  /** Said after the policy was saved. */
  policySaved: string;

  /** Button in a problem that repeats the request. */
  tryAgain: string;
  /** Link in a problem that leads to `login-url`. */
  signIn: string;
  /** Button in a problem that reloads the page, if there is no `login-url`. */
  reload: string;
  /** Follows a problem if the card repeats the request by itself. */
  retrying: string;
  /** Problem: the current session has ended. */
  sessionOver: string;
  /** Problem: the action needs a recent sign-in. */
  signInNotRecent: string;
  /** Problem: the server refused the origin of the page. */
  crossOrigin: string;
  /** Problem: the user may not do this. */
  forbidden: string;
  /** Problem: the server's store did not answer. */
  storeUnavailable: string;
  /** Problem: the server could not be reached. */
  offline: string;
  /** `{status}` */
  refused: string;
  /** Problem: the developer has to correct a mistake. A text below says which. */
  misconfigured: string;

  /** For the developer: `{detail}`. */
  missingSrc: string;
  /** `src` is no URL: `{detail}`. */
  invalidSrc: string;
  /** `src` has another origin than the page: `{detail}`. */
  crossOriginSrc: string;
  /** The server refused the origin of the page: `{request}`, `{origin}`. */
  refusedOrigin: string;
  /** `src` has a query: `{detail}`. */
  querySrc: string;
  /** `login-url` is no http(s) URL: `{detail}`. */
  invalidLoginUrl: string;
  /** For the developer: `{request}`, `{status}`. */
  notFound: string;
  /** The answer was 405: `{request}`. */
  notAllowed: string;
  /** The answer was a redirect: `{request}`. */
  redirected: string;
  /** The answer was no JSON: `{request}`, `{status}`. */
  notJson: string;
  /** The answer was JSON of another form: `{request}`. */
  wrongShape: string;
}
