/** Means "no slot". New columns are all zero, so a new session links to nothing. */
export const NONE = 0;

export const FIRST_SLOT = 1;
