/** Where a backlog task goes: the id of the task that it goes before, or undefined for the end. */

/** Puts the task in the place of `target`: before it when moving up, after it when moving down. */
export function placeAt(backlog: readonly string[], id: string, target: string): string | undefined {
  const from = backlog.indexOf(id);
  const to = backlog.indexOf(target);
  return from >= 0 && from < to ? backlog[to + 1] : target;
}

/**
 * Moves that take some tasks one place up or down, to be made one after another. A task that is already first or last stays
 * there, and so do chosen tasks right next to it.
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
