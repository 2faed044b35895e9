import { Recent } from './recent.ts';

const RECENT = new Recent<unknown>(2048, 128);

/** The value of a JSON text, frozen. A short one is nearly always one of a few, such as `[]`, `{}` and `["pwd","otp"]`. */
export const parseJson = (text: string): unknown => RECENT.get(text) ?? RECENT.put(text, JSON.parse(text));
