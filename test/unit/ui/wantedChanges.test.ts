/** Which changes a row, a link or a program means, and which came after them. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { emptyView } from '../../../src/loop/state/agentView.ts';
import type { StoredTurn } from '../../../src/runtime/storedTurn.ts';
import type { ItemStatus, TurnItem } from '../../../src/runtime/turnItem.ts';
import type { ChangeTarget } from '../../../src/ui/changeTarget.ts';
import { wantedChanges } from '../../../src/ui/history/wantedChanges.ts';

const folder = path.resolve('/w');
const edit = (id: string, files: string[], status: ItemStatus = 'completed'): TurnItem => ({
  id,
  status,
  kind: 'fileChange',
  changes: files.map((file) => ({ path: file, change: 'add', diff: '' })),
});
const turn = (id: string, ...items: TurnItem[]): StoredTurn => ({
  id,
  startedAt: 1,
  endedAt: 2,
  outcome: { status: 'completed' },
  items,
});
const seen = (id: string, ...items: TurnItem[]) => ({
  ...turn(id, ...items),
  startedAt: 1,
  plan: [],
  diff: '',
  steers: [],
});

describe('the changes that are meant', () => {
  const stored = [turn('t1', edit('a', ['1', '2']), edit('no', ['n'], 'declined')), turn('t2', edit('b', ['3']))];
  const view = { ...emptyView('persistent'), pastTurns: [seen('t3', edit('c', ['4']))], turn: seen('t4') };
  const all = async () => ({ turns: stored.toReversed(), next: null });
  let read = 0;

  /** The names of the files, those that are wanted with a mark: `2!`. */
  async function find(target: ChangeTarget) {
    read = 0;
    const history = async () => {
      read += 1;
      return { turns: [...stored, turn('t3', edit('c', ['4']))].toReversed(), next: null };
    };
    const found = await wantedChanges(target, { view, threadId: 'thread', history, folder });
    return (
      found && found.changes.map(({ change, wanted }) => `${path.relative(folder, change.path)}${wanted ? '!' : ''}`)
    );
  }

  it('are by default those of the turn that runs, for which nothing is read', async () => {
    assert.deepEqual(await find({}), []);
    assert.equal(read, 0);
  });

  it('are those of a turn, with all that came after it', async () => {
    assert.deepEqual(await find({ turn: 't3' }), ['4!']);
    assert.equal(read, 0, 'this window saw it');
    assert.deepEqual(await find({ turn: 't1' }), ['1!', '2!', '3', '4']);
  });

  it('are those of the whole session, each turn once', async () => {
    assert.deepEqual(await find({ turn: 'session' }), ['1!', '2!', '3!', '4!']);
  });

  it('may be one item’s, or one alone', async () => {
    assert.deepEqual(await find({ turn: 't1', item: 'a' }), ['1!', '2!', '3', '4']);
    assert.deepEqual(await find({ turn: 't1', item: 'a', change: 1 }), ['1', '2!', '3', '4']);
  });

  it('are none of a turn that is not there', async () => {
    assert.equal(await find({ turn: 'other' }), undefined);
  });

  it('say apart what was not made', async () => {
    const found = await wantedChanges({ turn: 't1', item: 'no' }, { view, threadId: 'thread', history: all, folder });
    assert.deepEqual(
      found?.unmade.map((change) => change.path),
      [path.resolve(folder, 'n')],
    );
    assert.deepEqual(
      found.changes.filter(({ wanted }) => wanted),
      [],
    );
  });
});
