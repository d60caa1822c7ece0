/**
 * Computes files before and after some of an agent's changes. The history keeps diffs, not files, so this works backward from the
 * current files. If a file differs from the result of its newest diff, somebody else has changed it since. Pure.
 */
import type { FileChange, TurnItem } from '../../runtime/turnItem.ts';
import { namesOf } from '../changeLook.ts';
import { revertUnifiedDiff } from '../unifiedDiff.ts';

/** A change from the history. `wanted` changes are shown. The others are only reverted. */
export interface MadeChange {
  change: FileChange;
  wanted: boolean;
}

/** One file's part of the wanted changes. Null means that the file does not exist at that time. */
export type ChangedFile =
  | {
      path: string;
      /** Its path before the changes. */ from: string;
      before: string | null;
      after: string | null;
    }
  /** Others have changed the file since, so only the diffs are known, oldest first. */
  | { path: string; diffs: string[] };

/** The changes that `items` made, in order. Failed and declined changes are left out. */
export function changesOf(items: readonly TurnItem[]): FileChange[] {
  return items.flatMap((item) => (item.kind === 'fileChange' && item.status === 'completed' ? item.changes : []));
}

/** One file, followed backward through its renames. */
interface Trail {
  path: string;
  from: string;
  after: string | null;
  diffs: string[];
  broken: boolean;
}

/**
 * @param changes The wanted changes and all later ones, oldest first.
 * @param now The current content of each file that they name, or null if it does not exist.
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

/** The file's content before the change. Undefined if the change does not lead to `after`. */
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

/** A change's lines in diff format. For an added or deleted file, the history stores only the content. */
export function diffText({ change, diff }: FileChange): string {
  return change === 'update' ? diff : diff.replace(/^(?=[\s\S])/gm, change === 'add' ? '+' : '-');
}

/** A change as a complete diff, with file names. */
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
