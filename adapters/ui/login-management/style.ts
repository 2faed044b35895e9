import { palette } from './palette.ts';

/** `--target` is the height of a button: above 24 px for every pointer, 44 px for touch (WCAG 2.2, 2.5.8 and 2.5.5). */
const CSS = `
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, h2, h3, ul, fieldset, legend { margin: 0; padding: 0; border: 0; }

.card {
  container-type: inline-size;
  overflow: clip;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--background);
  color: var(--text);
  font-family: var(--session-card-font, inherit);
  font-size: var(--font-size);
  line-height: 1.45;
  overflow-wrap: anywhere;
  text-align: start;
}
/* A text in the other direction keeps its own order, on the page's side. */
p, h2, h3, legend, .label, .badge, button { unicode-bidi: plaintext; }
.card:dir(ltr) :is(p, h2, h3, legend) { text-align: left; }
.card:dir(rtl) :is(p, h2, h3, legend) { text-align: right; }
h2 { padding: 1.15rem 1.25rem 0.9rem; font-size: 1.125em; font-weight: 650; line-height: 1.3; letter-spacing: -0.01em; }
h2:focus:not(:focus-visible) { outline: none; }

.notice { margin: 0 1.25rem 1rem; padding: 0.7rem 0.9rem; border-radius: var(--inner-radius); background: var(--notice); color: var(--on-notice); }
.problem { display: grid; gap: 0.45rem; background: var(--problem); color: var(--on-problem); }
.problem .quiet, .problem a { color: inherit; }
.hint { padding: 0.6rem 0.75rem; border-radius: calc(var(--inner-radius) * 0.75); background: var(--background); color: var(--text); font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.84em; }
.ways { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-top: 0.2rem; }
.ways a { display: inline-flex; align-items: center; min-height: var(--target); font-weight: 600; }

.list { list-style: none; }
.row { display: flex; align-items: center; gap: 0.9rem; min-height: 4.25rem; padding: 0.8rem 1.25rem; border-top: 1px solid var(--line); }
.icon { flex: none; width: 2.4rem; height: 2.4rem; padding: 0.5rem; border-radius: 50%; background: var(--soft); color: var(--quiet); fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.about { flex: 1; min-width: 0; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: 0.15rem 0.55rem; }
.label { font-weight: 600; }
.badge { padding: 0.08rem 0.55rem; border-radius: 1rem; background: var(--badge); color: var(--on-badge); font-size: 0.8em; font-weight: 550; }
.kind { background: var(--soft); color: var(--quiet); }
.meta, .quiet, .empty { color: var(--quiet); font-size: 0.9em; }
.meta { display: flex; flex-wrap: wrap; column-gap: 0.45rem; margin-top: 0.1rem; }
.meta > span:not(:last-child)::after { content: "·"; content: "·" / ""; margin-inline-start: 0.45rem; }
.meta.end { display: block; }
.replaced { border-top: 1px solid var(--line); }
.replaced summary { font-weight: 500; color: var(--quiet); }
.over .label { font-weight: 500; }
.empty { padding: 0.9rem 1.25rem; border-top: 1px solid var(--line); }

button { flex: none; max-width: 100%; min-height: var(--target); padding: 0.4rem 0.9rem; border: 1px solid var(--line-strong); border-radius: var(--inner-radius); background: var(--background); color: var(--text); font: inherit; font-size: 0.925em; font-weight: 600; overflow-wrap: break-word; cursor: pointer; touch-action: manipulation; transition: background-color 0.12s, border-color 0.12s; }
button:hover { background: var(--soft); }
button.plain { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.actions button.danger { color: var(--danger); }
.actions button.danger:hover { border-color: var(--danger); }
dialog button.danger { border-color: var(--danger); background: var(--danger); color: var(--on-danger); }
button[aria-disabled] { opacity: 0.55; cursor: progress; }
button.more { display: block; width: calc(100% - 2.5rem); margin: 0.9rem 1.25rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
summary:focus-visible, h2:focus-visible { outline-offset: -3px; }
a { color: var(--accent); }

.actions { display: flex; flex-wrap: wrap; gap: 0.65rem; padding: 1rem 1.25rem; border-top: 1px solid var(--line); }
.policy { padding: 1rem 1.25rem; border-top: 1px solid var(--line); }
.policy form { display: grid; justify-items: start; gap: 0.6rem; }
legend { margin-bottom: 0.3rem; font-weight: 600; }
.choice { display: flex; align-items: center; gap: 0.6rem; min-height: var(--target); cursor: pointer; }
.choice input { flex: none; width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--accent); }

.ended { border-top: 1px solid var(--line); }
summary { display: flex; align-items: center; gap: 0.6rem; min-height: max(3rem, var(--target)); padding: 0.6rem 1.25rem; font-weight: 600; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; flex: none; width: 0.5rem; height: 0.5rem; border: solid var(--quiet); border-width: 0 2px 2px 0; transform: rotate(-45deg); transition: transform 0.12s; }
[open] > summary::before { transform: translateY(-0.1rem) rotate(45deg); }
summary:hover { background: var(--soft); }

dialog { width: min(26rem, calc(100vw - 2rem)); padding: 1.4rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--background); color: var(--text); box-shadow: 0 1rem 3rem rgb(0 0 0 / 0.28); }
dialog::backdrop { background: rgb(8 12 20 / 0.5); }
h3 { font-size: 1.1em; font-weight: 650; line-height: 1.3; }
h3 + p { margin-top: 0.4rem; color: var(--quiet); }
.answers { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0.65rem; margin-top: 1.3rem; }

.bone { position: relative; height: 4.25rem; border-top: 1px solid var(--line); }
.bone::before, .bone::after { content: ""; position: absolute; border-radius: 2rem; background: var(--soft); animation: breathe 1.6s ease-in-out infinite; }
.bone::before { inset-block-start: 0.92rem; inset-inline-start: 1.25rem; width: 2.4rem; height: 2.4rem; }
.bone::after { inset-block-start: 1.72rem; inset-inline-start: 4.6rem; width: min(13rem, 50%); height: 0.8rem; }
@keyframes breathe { 50% { opacity: 0.45; } }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@container (max-width: 26rem) {
  h2 { padding-inline: 1rem; }
  .notice { margin-inline: 1rem; }
  .row, .actions, .policy, .empty { padding-inline: 1rem; }
  .row { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 0.75rem; }
  .row > .about { display: contents; }
  .title { grid-area: 1 / 2; }
  .row > button { grid-area: 1 / 3; }
  .row .meta { grid-column: 2 / -1; }
  .meta { display: block; }
  .meta > span { display: block; }
  .meta > span:not(:last-child)::after { content: none; }
  .icon { width: 2rem; height: 2rem; padding: 0.4rem; }
  .actions button { flex: 1 1 100%; }
  .answers button { flex: 1 1 auto; }
  button.more { width: calc(100% - 2rem); margin-inline: 1rem; }
  summary { padding-inline: 1rem; }
}
@container (max-width: 19rem) {
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .row > .icon { display: none; }
  .title { grid-area: 1 / 1; }
  .row > button { grid-area: 1 / 2; }
  .row .meta { grid-column: 1 / -1; }
}
@media (pointer: coarse) { :host { --target: 2.75rem; } }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) {
  .badge, .notice, dialog { border: 1px solid; }
  .bone::before, .bone::after { border: 1px solid GrayText; }
  .icon { forced-color-adjust: auto; }
}
`;

export const styleText = (): string => palette() + CSS;

let sheet: CSSStyleSheet | undefined;

/** Returns the style sheet, which all elements share. A Content-Security-Policy without inline styles allows constructed sheets. */
export function styleSheet(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styleText());
  }
  return sheet;
}
