/**
 * What files were before and after some of an agent's changes, worked out backwards from what they are now: the history keeps
 * diffs, not files. Pure. Where a file is not what the newest diff made of it, somebody else has changed it since.
 */
import type { FileChange, TurnItem } from '../../runtime/turnItem.ts';
import { namesOf } from '../changeLook.ts';
import { revertUnifiedDiff } from '../unifiedDiff.ts';

/** A change in the order of the history. `wanted`: it is among those to be shown; the others are only taken back. */
export interface MadeChange {
  change: FileChange;
  wanted: boolean;
}

/** One file's part in the wanted changes. Null: there is no such file then. */
export type ChangedFile =
  | {
      path: string;
      /** Its name before, where it was renamed. */ from: string;
      before: string | null;
      after: string | null;
    }
  /** It was changed since by others: the diffs are all that is known, oldest first. */
  | { path: string; diffs: string[] };

/** The changes that were made, of `items` in their order; what failed or was declined changed nothing. */
export function changesOf(items: readonly TurnItem[]): FileChange[] {
  return items.flatMap((item) => (item.kind === 'fileChange' && item.status === 'completed' ? item.changes : []));
}

/** One file as it is followed back, over its renames. */
interface Trail {
  path: string;
  from: string;
  after: string | null;
  diffs: string[];
  broken: boolean;
}

/**
 * @param changes oldest first: the wanted ones, and every later one.
 * @param now what each file that they name holds, null where there is none.
 */
export function changedFiles(changes: readonly MadeChange[], now: ReadonlyMap<string, string | null>): ChangedFile[] {
  const state = new Map<string, string | null>(now);
  const lost = new Set<string>();
  const trails = new Map<string, Trail>();
  const all: Trail[] = [];
  for (const { change, wanted } of changes.toReversed()) {
    const { path, movedTo } = change;
    const target = movedTo ?? path;
    const after = state.get(target) ?? null;
    const before = lost.has(target) ? undefined : beforeOf(change, after);
    if (wanted) {
      let trail = trails.get(target);
      if (!trail) {
        trail = { path: target, from: target, after, diffs: [], broken: false };
        all.push(trail);
      }
      trails.delete(target);
      trails.set(path, trail);
      trail.from = path;
      trail.diffs.unshift(diffOf(change));
      trail.broken ||= before === undefined;
    }
    if (movedTo !== undefined) {
      state.set(movedTo, null);
      if (lost.delete(movedTo)) lost.add(path);
    }
    if (before === undefined) lost.add(path);
    else state.set(path, before);
  }
  return all
    .toReversed()
    .map(({ path, from, after, diffs, broken }): ChangedFile =>
      broken ? { path, diffs } : { path, from, after, before: state.get(from) ?? null },
    )
    .filter((file) => 'diffs' in file || file.before !== file.after || file.from !== file.path);
}

/** What the file held before the change; undefined where the change did not lead to what there is. */
function beforeOf({ change, diff }: FileChange, after: string | null): string | null | undefined {
  switch (change) {
    case 'add':
      return after === diff ? null : undefined;
    case 'delete':
      return after === null ? diff : undefined;
    case 'update':
      return after === null ? undefined : diff.startsWith('@@') ? revertUnifiedDiff(after, diff) : after;
  }
}

/** The lines of a change as a diff has them: of a file that was added or deleted only the content is stored. */
export function diffText({ change, diff }: FileChange): string {
  return change === 'update' ? diff : diff.replace(/^(?=[\s\S])/gm, change === 'add' ? '+' : '-');
}

/** A change as a text that can be read by itself. */
function diffOf(made: FileChange): string {
  const { path, change, movedTo } = made;
  const old = change === 'add' ? '/dev/null' : path;
  const fresh = change === 'delete' ? '/dev/null' : (movedTo ?? path);
  return `--- ${old}\n+++ ${fresh}\n${diffText(made).trimEnd()}\n`;
}

/** Every file that the changes name. */
export function namedFiles(changes: readonly MadeChange[]): Set<string> {
  return new Set(changes.flatMap(({ change }) => namesOf(change)));
}
