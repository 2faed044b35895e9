const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;

/**
 * Removes only SP and HTAB (RFC 9110 5.6.3, RFC 6265bis 5.6). `trim` also removes U+00A0, which is how Node reads the
 * byte 0xA0. Two different cookies would then have one name.
 */
export function trimSpaces(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}
