/** What processes take of the machine, with real ones. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { processUses } from '../../../src/process/processTable.ts';
import { eventually } from '../../support/eventually.ts';

describe('what processes take', () => {
  it('is counted for each with all that it has started, and not for one that is gone', async () => {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);`;
    const parent = spawn(process.execPath, ['-e', script], { detached: true });
    const alone = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    const pids = [parent, alone, gone].map(({ pid }) => pid ?? 0);
    try {
      const uses = await eventually(async () => {
        const found = await processUses(pids);
        return found.get(pids[0] ?? 0)?.count === 2 && found;
      });
      const [both, one, none] = pids.map((pid) => uses.get(pid));
      assert.equal(one?.count, 1);
      assert.equal(none, undefined);
      assert.ok(one.residentBytes > 10_000_000 && one.residentBytes < 500_000_000, String(one.residentBytes));
      assert.ok((both?.residentBytes ?? 0) > one.residentBytes);
    } finally {
      process.kill(-(pids[0] ?? 0), 'SIGKILL');
      alone.kill('SIGKILL');
    }
  });

  it('is not looked for where there is nobody', async () => {
    assert.equal((await processUses([])).size, 0);
  });
});
