/** Colours as `[light, dark]`. The contrast of text is at least 4.5:1 (WCAG 2.2, 1.4.3). */
const COLOURS = {
  background: ['#ffffff', '#1b2129'],
  soft: ['#f1f3f6', '#28303b'],
  text: ['#1a212b', '#e8ecf2'],
  quiet: ['#566172', '#a9b4c3'],
  line: ['#e3e6eb', '#323b47'],
  'line-strong': ['#c6ccd6', '#4a5666'],
  accent: ['#1f5fc4', '#8db8ff'],
  'on-accent': ['#ffffff', '#0d1a2e'],
  danger: ['#b3261e', '#ffa198'],
  'on-danger': ['#ffffff', '#3a0a06'],
  badge: ['#dff3e6', '#1d4030'],
  'on-badge': ['#125131', '#a6e3bf'],
  notice: ['#e4f3ea', '#1d3a2c'],
  'on-notice': ['#12452c', '#c6efd6'],
  problem: ['#fcecea', '#472523'],
  'on-problem': ['#6e1a14', '#ffd9d5'],
} as const;

const OTHERS = {
  radius: '0.9rem',
  'inner-radius': '0.5rem',
  'font-size': '1rem',
} as const;

/** Prefix of the CSS properties that an app can set on the element or its ancestors. */
const PREFIX = '--session-card-';

/** Returns the CSS of the palette. Colours follow the `color-scheme` of the page. Browsers without `light-dark()` show the light ones. */
export function palette(): string {
  const colours = (choose: (light: string, dark: string) => string): string =>
    Object.entries(COLOURS)
      .map(([name, [light, dark]]) => `--${name}: var(${PREFIX}${name}, ${choose(light, dark)});`)
      .join(' ');
  const others = Object.entries(OTHERS).map(([name, value]) => `--${name}: var(${PREFIX}${name}, ${value});`);
  return `
:host { display: block; --target: 2.25rem; ${others.join(' ')} ${colours((light) => light)} }
:host([hidden]) { display: none; }
@supports (color: light-dark(#000, #fff)) { :host { ${colours((light, dark) => `light-dark(${light}, ${dark})`)} } }
`;
}
