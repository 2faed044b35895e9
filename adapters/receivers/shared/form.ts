import { invalidRequest } from './answer.ts';
import { readBody } from './body.ts';

/** The parameters of a request. An empty one counts as missing, and unknown ones are there (RFC 6749, 3.2). */
export type Form = ReadonlyMap<string, string>;

/** Reads the parameters in the body. Those in the URL do not count. A parameter that occurs twice is refused. */
export async function readForm(request: Request): Promise<Form> {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readBody(request, 'application/x-www-form-urlencoded'))) {
    if (form.has(name)) throw invalidRequest('a parameter occurs twice');
    form.set(name, value);
  }
  for (const [name, value] of form) if (value === '') form.delete(name);
  return form;
}
