/** What is bound to a statement, and what comes back from a column. */
export type Value = string | number | null;

/** A row by position: half the price of an object, whose names are made anew for every row. */
export type Row = readonly Value[];
