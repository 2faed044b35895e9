/**
 * The type of device that started a session. `wearable` is a watch or a headset. `embedded` is a car or similar. `bot` is a
 * crawler or an automated browser. `client` is another program, such as `curl` or an app's HTTP library, that runs on a computer
 * or does not name its system.
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
 * Describes the device that started a session. All of it is the client's own claim. Use it for display and as one input to a risk
 * assessment. Never use it for authentication (OWASP Session Management Cheat Sheet, "Binding the Session ID to Other User
 * Properties").
 *
 * The texts hold only letters, digits, space and `. _ + -` of ASCII, for any input.
 */
export interface Device {
  /**
   * The display name, such as `'Chrome on Mac OS'`: at most 64 characters, no versions. `'Unknown device'` if nothing is known.
   */
  readonly label: string;
  /** The browser or app, by a name that stays the same across versions, such as `'Edge'`; `null` if unknown. */
  readonly browser: string | null;
  /** The operating system, by a name that stays the same across versions, such as `'Windows'`; `null` if unknown. */
  readonly os: string | null;
  readonly type: DeviceType;
}

/** The device and address of a sign-in: for display and as a risk signal, never for authentication (DEV-5). */
export interface SessionDevice extends Device {
  /** The address, as the app or the framework's trusted proxy setting reports it. */
  readonly ip: string | null;
}
