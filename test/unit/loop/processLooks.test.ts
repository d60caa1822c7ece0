/** Figures of processes are looked up when they are asked for, once for all, and not again while they are fresh. */
import assert from 'node:assert/strict';
import { ProcessLooks } from '../../../src/loop/state/processLooks.ts';
import { eventually } from '../../support/eventually.ts';

describe('looks at processes', () => {
  let now = 0;
  let asked = 0;
  let changes: string[] = [];
  let pids = new Map<string, number>();
  let looks: ProcessLooks;

  beforeEach(() => {
    now = 0;
    asked = 0;
    changes = [];
    pids = new Map([['me', process.pid]]);
    const read = (): Map<string, number> => {
      asked += 1;
      return pids;
    };
    looks = new ProcessLooks(
      read,
      (ids) => changes.push(...ids),
      () => now,
    );
  });

  it('happen when somebody asks, and tell when the figures are there', async () => {
    assert.equal(asked, 0);
    assert.equal(looks.last('me'), undefined);
    await eventually(() => changes.includes('me'));
    assert.ok((looks.last('me')?.residentBytes ?? 0) > 10_000_000);
    assert.equal(asked, 1);
  });

  it('happen again once they are old, and drop who is gone', async () => {
    await looks.look();
    now = 60_000;
    pids = new Map();
    assert.ok(looks.last('me'), 'the last that was known');
    await eventually(() => looks.last('me') === undefined);
    assert.equal(asked, 2);
  });

  it('are one for all who ask at the same time', async () => {
    const [first, second] = await Promise.all([looks.look(), looks.look()]);
    assert.equal(first, second);
    assert.equal(asked, 1);
  });
});
