/** An extension host that is killed hard leaves nothing running for longer than until the next activation. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import * as z from 'zod/mini';
import { ProcessRegistry } from '../../../src/process/processRegistry.ts';
import { startTimeOf } from '../../../src/process/processTable.ts';
import { type CodexHome, codexHome, codexPath } from '../../support/codexHome.ts';
import { eventually } from '../../support/eventually.ts';

const host = path.resolve(import.meta.dirname, '../../support/hardKilledHost.ts');

describe('after a hard end of the extension host', () => {
  let home: CodexHome;

  beforeEach(async () => {
    home = await codexHome('http://127.0.0.1:9/v1');
  });

  afterEach(async () => {
    await home.remove();
  });

  it('the app-server ends by itself, and what does not is reaped at the next activation', async () => {
    const folder = path.join(home.home, 'registry');
    const child = spawn(process.execPath, [host, folder, home.home, codexPath], {
      env: home.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line]: unknown[] = await once(child.stdout, 'data');
    const { server, deaf } = z.object({ server: z.number(), deaf: z.number() }).parse(JSON.parse(String(line)));
    const registry = new ProcessRegistry(folder);
    assert.equal(await registry.reap(), 0, 'its owner lives');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await eventually(async () => (await startTimeOf(server)) === undefined, { what: 'The end of the app-server' });
    assert.ok(await startTimeOf(deaf), 'this one goes on');
    assert.equal(await registry.reap(), 1);
    await eventually(async () => (await startTimeOf(deaf)) === undefined);
    assert.deepEqual(await registry.list(), []);
  });
});
