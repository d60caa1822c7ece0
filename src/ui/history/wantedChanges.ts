/** Finds the wanted changes of an agent and all later ones, in what this window saw and in the stored history. */
import type { AgentView } from '../../loop/state/agentView.ts';
import { type ReadHistory, historyPages } from '../../runtime/historyPages.ts';
import type { StoredTurn } from '../../runtime/storedTurn.ts';
import type { FileChange, TurnItem } from '../../runtime/turnItem.ts';
import { absolutePath } from '../agentFiles.ts';
import type { ChangeTarget } from '../changeTarget.ts';
import { type MadeChange, changesOf } from './changes.ts';

export interface WantedChanges {
  /** Oldest first. */
  changes: MadeChange[];
  /** Changes that the target names, but that were not made: they failed, were declined, or are only proposed. */
  unmade: FileChange[];
  /** Set if the target is one turn. */
  turn: Pick<StoredTurn, 'id' | 'startedAt'> | undefined;
}

type Turn = Pick<StoredTurn, 'id' | 'startedAt' | 'items'>;

/** @returns undefined if there is no such turn. */
export async function wantedChanges(
  target: ChangeTarget,
  {
    view,
    threadId,
    history,
    folder,
  }: {
    view: AgentView;
    threadId: string | undefined;
    history: ReadHistory;
    /** Base of relative paths. */
    folder: string;
  },
): Promise<WantedChanges | undefined> {
  const turns: Turn[] = [];
  let found: Turn | undefined;
  for await (const turn of newestFirst(view, threadId, history)) {
    turns.unshift(turn);
    if (target.turn === 'session') continue;
    if (target.turn !== undefined && target.turn !== turn.id) continue;
    found = turn;
    break;
  }
  if (!found && target.turn !== 'session') return undefined;
  const changes: MadeChange[] = [];
  const unmade: FileChange[] = [];
  for (const turn of turns) {
    const meant = turn === found || target.turn === 'session';
    for (const item of turn.items) {
      const made = changesOf([item]);
      const asked = (index: number): boolean => meant && isAsked(target, item, index);
      changes.push(...made.map((change, index) => ({ change: absolute(change, folder), wanted: asked(index) })));
      if (made.length === 0 && item.kind === 'fileChange' && target.item !== undefined) {
        const chosen = item.changes.filter((_change, index) => asked(index));
        unmade.push(...chosen.map((change) => absolute(change, folder)));
      }
    }
  }
  return { changes, unmade, turn: found };
}

function isAsked({ item: itemId, change }: ChangeTarget, item: TurnItem, index: number): boolean {
  return (itemId === undefined || itemId === item.id) && (change === undefined || change === index);
}

function absolute(change: FileChange, folder: string): FileChange {
  const { movedTo } = change;
  const moved = movedTo === undefined ? {} : { movedTo: absolutePath(movedTo, folder) };
  return { ...change, path: absolutePath(change.path, folder), ...moved };
}

/** Reads stored turns only if the turns that this window saw are not enough. */
async function* newestFirst(
  { turn, pastTurns }: AgentView,
  threadId: string | undefined,
  history: ReadHistory,
): AsyncGenerator<Turn, void> {
  const seen = new Set<string>();
  for (const one of [...(turn ? [turn] : []), ...pastTurns.toReversed()]) {
    seen.add(one.id);
    yield one;
  }
  if (threadId === undefined) return;
  for await (const page of historyPages(history, threadId)) {
    for (const one of page.turns) if (!seen.has(one.id)) yield one;
  }
}
