/** Where a task of the backlog goes: before which other one it is put; undefined for the end. */

/** Takes the place of `target`, as one expects of dragging: before it on the way up, behind it on the way down. */
export function placeAt(backlog: readonly string[], id: string, target: string): string | undefined {
  const from = backlog.indexOf(id);
  const to = backlog.indexOf(target);
  return from >= 0 && from < to ? backlog[to + 1] : target;
}

/** One place up or down; `stays` where it is the first or the last already, or not there. */
export function placeBeside(
  backlog: readonly string[],
  id: string,
  direction: 'up' | 'down',
): { before: string | undefined } | 'stays' {
  const from = backlog.indexOf(id);
  const to = direction === 'up' ? from - 1 : from + 1;
  if (from < 0 || to < 0 || to >= backlog.length) return 'stays';
  return { before: direction === 'up' ? backlog[to] : backlog[to + 1] };
}
