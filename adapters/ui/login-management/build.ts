type Attributes = Readonly<Record<string, string | boolean | null>>;

/** Makes an element. A string child becomes text, never markup. Set no `style` attribute: a strict Content-Security-Policy forbids it. */
export function build<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: readonly (Node | string | null)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Makes a button. The look `danger` marks an action that cannot be undone. */
export function buildButton(
  text: string,
  attributes: Attributes = {},
  look: '' | 'danger' | 'plain' = '',
): HTMLButtonElement {
  return build(
    'button',
    { type: 'button', class: look || null, part: `button${look ? ` ${look}-button` : ''}`, ...attributes },
    text,
  );
}

/** Makes an icon from the path of an SVG. Screen readers skip it. */
export function buildIcon(path: string): SVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', part: 'icon', class: 'icon' });
  const drawing = document.createElementNS(namespace, 'path');
  drawing.setAttribute('d', path);
  svg.append(drawing);
  return svg;
}

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
}

/** Marks a button as busy or not. Sets `aria-disabled`, because a `disabled` button would lose the focus. */
export function setBusy(button: HTMLElement, busy: boolean): void {
  if (busy) button.setAttribute('aria-disabled', 'true');
  else button.removeAttribute('aria-disabled');
}

export const isBusy = (button: HTMLElement): boolean => button.hasAttribute('aria-disabled');
