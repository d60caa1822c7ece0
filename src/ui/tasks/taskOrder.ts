/** Where a task of the backlog goes: before which other one it is put; undefined for the end. */

/** Takes the place of `target`, as one expects of dragging: before it on the way up, behind it on the way down. */
export function placeAt(backlog: readonly string[], id: string, target: string): string | undefined {
  const from = backlog.indexOf(id);
  const to = backlog.indexOf(target);
  return from >= 0 && from < to ? backlog[to + 1] : target;
}

/**
 * One place up or down for some tasks, as moves to be made one after the other. A task at the end stays there, and so do the
 * chosen ones right beside it.
 */
export function movesBeside(
  backlog: readonly string[],
  ids: readonly string[],
  direction: 'up' | 'down',
): { id: string; before: string | undefined }[] {
  const order = [...backlog];
  const chosen = order.filter((id) => ids.includes(id));
  const moves: { id: string; before: string | undefined }[] = [];
  for (const id of direction === 'up' ? chosen : chosen.toReversed()) {
    const from = order.indexOf(id);
    const to = direction === 'up' ? from - 1 : from + 1;
    const neighbor = order[to];
    if (neighbor === undefined || chosen.includes(neighbor)) continue;
    moves.push({ id, before: direction === 'up' ? neighbor : order[to + 1] });
    [order[from], order[to]] = [neighbor, id];
  }
  return moves;
}
