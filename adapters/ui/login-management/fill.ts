/** Replaces the names in braces, such as `{time}`, with their values. Values never become markup. Unknown names become empty. */
export function fill(text: string, values: Readonly<Record<string, string | Node>>): DocumentFragment {
  const filled = document.createDocumentFragment();
  for (const [at, part] of text.split(/\{(\w+)\}/).entries()) {
    if (at % 2 === 0) filled.append(part);
    else filled.append(Object.hasOwn(values, part) ? (values[part] ?? '') : '');
  }
  return filled;
}

export const fillText = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : ''));
