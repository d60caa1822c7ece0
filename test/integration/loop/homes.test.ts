/** An agent lives on one machine, in one folder and one Codex home: windows elsewhere see it and write to it, and do not run it. */
import assert from 'node:assert/strict';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

describe('where an agent lives', () => {
  let town: TestTown;
  let checkout: Awaited<ReturnType<typeof tempDir>>;

  beforeEach(async () => {
    town = await startTestTown();
    checkout = await tempDir('checkout');
    await writeFile(path.join(checkout.path, 'tinytown.toml'), 'name = "test-town"\n');
  });
  closesAfterEach(() => town);
  afterEach(() => checkout.remove());

  /** An agent that has had a turn in a window that was closed since. */
  async function afterATurn(): Promise<{ id: string; thread: string }> {
    const first = await town.open();
    const { id } = await first.actions.spawnAgent({ name: 'ops', task: 'the first' });
    const { runtimeSessionId = '' } = await agentWhen(
      first,
      'ops',
      (it) => it.roundsCompleted === 1 && it.state === 'idle',
      'one turn',
    );
    await first.close();
    return { id, thread: runtimeSessionId };
  }

  const field = (id: string, name: string): Promise<string | null> => town.redis.client().hget(keys.agent(id), name);
  const requests = (): number => town.model.requests.length;

  async function waitsIn(window: TownSession, id: string): Promise<void> {
    const before = requests();
    await window.actions.sendMessage('ops', 'the second');
    await eventually(() => window.mirror.waiting(id).inbox === 1, { what: 'the message that waits' });
    // A look at everything would take it if anything did.
    window.runner.poke(id);
    await window.mirror.refresh();
    assert.equal(window.runner.view(id).owner, 'none');
    assert.equal(requests(), before);
    await assert.rejects(window.actions.takeOver('ops'), { reason: 'livesElsewhere' });
  }

  it('is where it was first run, and it goes on there with what was written to it elsewhere', async () => {
    const { id, thread } = await afterATurn();
    const other = await town.open({}, undefined, { machine: 'another machine' });
    await waitsIn(other, id);
    const { away } = other.runner.view(id);
    assert.deepEqual([away?.because, away?.keepsConversation], ['machine', false]);
    const back = await town.open();
    await agentWhen(back, 'ops', (it) => it.roundsCompleted === 2, 'the second turn');
    assert.equal(await field(id, 'runtime_session_id'), thread);
    await eventually(() => other.runner.view(id).owner === 'elsewhere');
    await assert.rejects(other.actions.adoptAgent('ops'), { reason: 'external' });
  });

  it('can be moved to another machine, where it begins a new conversation with what waits', async () => {
    const { id, thread } = await afterATurn();
    const other = await town.open({}, undefined, { machine: 'another machine' });
    await waitsIn(other, id);
    await other.actions.adoptAgent('ops');
    await agentWhen(other, 'ops', (it) => it.roundsCompleted === 2, 'its turn there');
    assert.notEqual(await field(id, 'runtime_session_id'), thread);
    assert.equal(other.runner.view(id).away, undefined);
    await assert.rejects(other.actions.adoptAgent('ops'), { reason: 'wrongState' });
    await other.close();
    const back = await town.open();
    assert.equal(back.runner.view(id).away?.because, 'machine');
  });

  it('is not another checkout of the town, and its conversation comes along when it is moved there', async () => {
    const { id, thread } = await afterATurn();
    const other = await town.open({}, undefined, { folder: checkout.path });
    await waitsIn(other, id);
    const { away } = other.runner.view(id);
    assert.deepEqual([away?.because, away?.keepsConversation], ['folder', true]);
    await other.actions.adoptAgent('ops');
    await agentWhen(other, 'ops', (it) => it.roundsCompleted === 2, 'its turn there');
    assert.equal(await field(id, 'runtime_session_id'), thread);
  });

  it('is not another Codex home', async () => {
    const { id } = await afterATurn();
    const home = path.join(checkout.path, 'codex-home');
    await mkdir(home);
    const other = await town.open({ codexEnv: { CODEX_HOME: home } });
    await waitsIn(other, id);
    assert.equal(other.runner.view(id).away?.because, 'codexHome');
  });

  it('is the same folder by whichever path, and wherever it is moved to', async () => {
    const { id } = await afterATurn();
    const link = path.join(checkout.path, 'link');
    await symlink(town.folder, link);
    const linked = await town.open({}, undefined, { folder: link });
    assert.equal(linked.runner.view(id).away, undefined);
    await linked.close();
    const moved = path.join(checkout.path, 'moved');
    await rename(town.folder, moved);
    const there = await town.open({}, undefined, { folder: moved });
    assert.equal(there.runner.view(id).away, undefined);
    await there.actions.sendMessage('ops', 'the second');
    await agentWhen(there, 'ops', (it) => it.roundsCompleted === 2, 'its turn there');
    assert.equal(await field(id, 'home_folder'), moved);
    await there.close();
    await rename(moved, town.folder);
  });
});
