/**
 * How a workspace's value changes the user's. Agents may have written the workspace (its settings, a `.code-workspace` file,
 * `tinytown.toml`), so on its own it can only make things stricter. Everything else counts once the user has confirmed it.
 */

/** What the user has said about something that a workspace asks for. `open`: nothing yet. */
export type Answer = 'confirmed' | 'declined' | 'open';

export interface Ruled<T> {
  value: T;
  /** What the workspace asks for and does not get now. */
  refused: T | undefined;
}

/**
 * @param wanted The workspace's value. Undefined if it has none.
 * @param narrows Whether `wanted` gives agents no more than `user` does.
 * @param answer What the user has said about `wanted`.
 */
export function workspaceValue<T>(
  user: T,
  wanted: T | undefined,
  narrows: (wanted: T, user: T) => boolean,
  answer: (wanted: T) => Answer,
): Ruled<T> {
  if (wanted === undefined || wanted === user) return { value: user, refused: undefined };
  if (narrows(wanted, user) || answer(wanted) === 'confirmed') return { value: wanted, refused: undefined };
  return { value: user, refused: wanted };
}

/** Whether one value comes before another in a list that begins with the strictest. */
export function isStricter<T>(strictestFirst: readonly T[]): (wanted: T, user: T) => boolean {
  return (wanted, user) => {
    const place = strictestFirst.indexOf(wanted);
    return place >= 0 && place < strictestFirst.indexOf(user);
  };
}

/** For limits where 0 means no limit. */
export function isLowerLimit(wanted: number, user: number): boolean {
  return wanted !== 0 && (user === 0 || wanted < user);
}
