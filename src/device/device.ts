/**
 * Type of the device that started a session. `wearable` is a watch or a headset, `embedded` a car or similar, `bot` a
 * crawler or an automated browser. `client` is another program on a computer or an unnamed system, such as `curl` or an
 * app's HTTP library.
 */
export type DeviceType =
  | 'desktop'
  | 'mobile'
  | 'tablet'
  | 'tv'
  | 'console'
  | 'wearable'
  | 'embedded'
  | 'bot'
  | 'client'
  | 'unknown';

/**
 * Describes the device that started a session, as the client claims it: for display and as a risk signal, never for
 * authentication (OWASP Session Management Cheat Sheet, "Binding the Session ID to Other User Properties").
 * {@link describeDevice} returns it.
 *
 * Texts hold only letters, digits, space and `. _ + -` of ASCII, for any input.
 */
export interface Device {
  /** Display name, such as `'Chrome on Mac OS'`: at most 64 characters, no versions. `'Unknown device'` if nothing is known. */
  readonly label: string;
  /** Browser or app, such as `'Edge'`, by the same name in all versions; `null` if unknown. */
  readonly browser: string | null;
  /** Operating system, such as `'Windows'`, by the same name in all versions; `null` if unknown. */
  readonly os: string | null;
  /** The form of the device; `'unknown'` if the browser does not tell. */
  readonly type: DeviceType;
}

/**
 * Describes the device and the address of a sign-in: for display and as a risk signal, never for authentication
 * (DEV-5). {@link Sessions.list} returns it with each session.
 */
export interface SessionDevice extends Device {
  /** Address, as the app or the framework's trusted proxy setting reports it. */
  readonly ip: string | null;
}
