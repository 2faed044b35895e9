import { membershipOf, memberTag, type Tag } from '../../../src/adapter.ts';

/**
 * A page of the accounts of a user, as a range of tags. The tags of a user's memberships lie between two strings, in
 * byte order.
 */
export interface MembershipPage {
  /** Exclusive lower bound. */
  readonly from: string;
  /** Exclusive upper bound. */
  readonly until: string;
  /** One more than requested, to learn whether tags follow. */
  readonly limit: number;
  answer(tags: readonly Tag[]): { readonly accounts: readonly Tag[]; readonly after: string | null };
}

/**
 * Returns the range for a page of a user's accounts. `after` is the last account of the previous page, or `null` for
 * the first page.
 */
export function membershipPage(user: Tag, after: string | null, limit: number): MembershipPage {
  const prefix = memberTag(user, '');
  return {
    from: memberTag(user, after ?? ''),
    // The next byte after the separator.
    until: `${prefix.slice(0, -1)}/`,
    limit: limit + 1,
    answer(tags) {
      const accounts = tags.slice(0, limit).map((tag) => membershipOf(tag)?.account ?? '');
      return { accounts, after: tags.length > limit ? (accounts.at(-1) ?? null) : null };
    },
  };
}
