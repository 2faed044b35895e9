/** All texts of the card in one language. The card fills in names in braces. */
export interface Texts {
  heading: string;
  /** Heading if the rows are hidden. */
  headingWithoutRows: string;
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
  unknownDevice: string;
  /** Badges by the kind of session. A kind without a text is shown as it is. */
  kinds: Readonly<Record<string, string>>;
  noOthers: string;
  none: string;
  more: string;

  logOut: string;
  /** Accessible name of the button: `{device}`. */
  logOutDevice: string;
  logOutOthers: string;
  signOutEverywhere: string;
  signOut: string;
  cancel: string;
  /** `{device}` */
  confirmLogOut: string;
  confirmLogOutDetail: string;
  confirmOthers: string;
  confirmOthersDetail: string;
  confirmEverywhere: string;
  confirmEverywhereDetail: string;
  confirmSignOut: string;
  confirmSignOutDetail: string;
  /** Replaces `confirmSignOutDetail` if the account ends all sessions. */
  confirmSignOutAllDetail: string;
  /** `{device}` */
  loggedOut: string;
  /** The session of `{device}` had already ended. */
  alreadyOver: string;
  othersLoggedOut: string;
  signedOut: string;
  signedOutEverywhere: string;
  /** Follows `loggedOut` if the server refuses the session from now on. */
  noticesNext: string;
  /** Follows `loggedOut` otherwise: `{time}`, such as `1 second`. */
  noticesWithin: string;
  /** Follows `othersLoggedOut` and `signedOutEverywhere`. */
  othersNoticeNext: string;
  /** `{time}` */
  othersNoticeWithin: string;

  ended: string;
  noEnded: string;
  /** Heading of the sessions that a new sign-in replaced: `{count}`. */
  replaced: string;
  /** `{what}` is one of `reasonCodes`, `expired` or `endedSomehow`. An unknown `{time}` is left out. */
  endedAt: string;
  endedBySelf: string;
  /** `{fromDevice}` is the device that ended the session. */
  endedBySelfFrom: string;
  endedByOther: string;
  endedFrom: string;
  expired: string;
  /** Used if the reason is hidden or has no text. */
  endedSomehow: string;
  /** Texts by reason code. An app can add its own codes. */
  reasonCodes: Readonly<Record<string, string>>;

  policy: string;
  policySession: string;
  policyEverywhere: string;
  policyEverywhereNotice: string;
  policySave: string;
  confirmPolicy: string;
  confirmPolicySession: string;
  confirmPolicyEverywhere: string;
  policySaved: string;

  tryAgain: string;
  signIn: string;
  reload: string;
  retrying: string;
  sessionOver: string;
  signInNotRecent: string;
  crossOrigin: string;
  forbidden: string;
  storeUnavailable: string;
  offline: string;
  /** `{status}` */
  refused: string;
  misconfigured: string;

  /** For the developer: `{detail}`. */
  missingSrc: string;
  invalidSrc: string;
  crossOriginSrc: string;
  refusedOrigin: string;
  querySrc: string;
  invalidLoginUrl: string;
  /** For the developer: `{request}`, `{status}`. */
  notFound: string;
  notAllowed: string;
  redirected: string;
  notJson: string;
  wrongShape: string;
}
