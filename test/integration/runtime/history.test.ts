/** The turns that the real codex has stored, read by a process that does not run the thread. */
import assert from 'node:assert/strict';
import { CodexService } from '../../../src/runtime/codexService.ts';
import type { StoredTurn } from '../../../src/runtime/storedTurn.ts';
import { AgentBench } from '../../support/agentHarness.ts';
import { codexPath } from '../../support/codexHome.ts';
import { gate } from '../../support/scriptedModel.ts';

describe('the history of a thread', () => {
  let bench: AgentBench;
  let service: CodexService;

  beforeEach(async () => {
    bench = await AgentBench.open();
    const { workspace: cwd, registry, logger, home } = bench;
    const env = { ...home.env, PATH: process.env['PATH'] ?? '' };
    const program = async () => ({ path: codexPath, env });
    service = new CodexService({ program, cwd, clientVersion: '0.0.0', logger, registry });
  });

  afterEach(async () => {
    await service.close();
    await bench.close();
  });

  it('has every turn exactly once, newest first, over pages', async () => {
    const { agent, record } = bench.persistent();
    const { threadId } = await agent.start(null);
    const started: string[] = [];
    for (let turn = 0; turn < 64; turn += 1) {
      const { turnId } = await agent.startTurn({ text: `turn ${turn}`, clientId: `c${turn}` });
      await record.next('turnCompleted', (event) => event.turnId === turnId);
      started.push(turnId);
    }
    await agent.stop();
    const read: StoredTurn[] = [];
    let pages = 0;
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<CodexService['history']>> = await service.history(threadId, { cursor, limit: 10 });
      assert.ok(page.turns.length <= 10);
      read.push(...page.turns);
      cursor = page.next;
      pages += 1;
    } while (cursor !== null);
    assert.deepEqual(
      read.map(({ id }) => id),
      started.toReversed(),
    );
    assert.ok(pages >= 7);
    const [newest] = read;
    assert.ok(newest?.startedAt && newest.endedAt && newest.endedAt >= newest.startedAt);
    assert.ok(Math.abs(newest.startedAt - Date.now()) < 60_000);
    assert.deepEqual(newest.outcome, { status: 'completed' });
    assert.deepEqual(
      newest.items.map((item) => [item.kind, 'text' in item ? item.text : '']),
      [
        ['userMessage', 'turn 63'],
        ['agentMessage', 'done: turn 63'],
      ],
    );
    const { turns } = await service.history(threadId, { cursor: null, limit: 0 });
    assert.equal(turns.length, 1, 'a page is never empty');
  });

  it('can be read while another process writes it, which then goes on', async () => {
    const { agent, record } = bench.persistent({ sandbox: 'danger-full-access' });
    const { threadId } = await agent.start(null);
    const held = gate();
    bench.model.script = ({ toolOutputs }) =>
      toolOutputs.length === 0
        ? [{ text: 'I look.' }, { exec: 'echo seen' }]
        : [{ hold: held.opened }, { text: 'Done.' }];
    const { turnId } = await agent.startTurn({ text: 'look around', clientId: 'c1' });
    await record.next('itemCompleted', ({ item }) => item.kind === 'command');
    const during = await service.history(threadId, { cursor: null, limit: 5 });
    assert.deepEqual(
      during.turns.map(({ id, outcome, endedAt }) => ({ id, outcome, endedAt })),
      [{ id: turnId, outcome: undefined, endedAt: undefined }],
    );
    const command = during.turns[0]?.items.find(({ kind }) => kind === 'command');
    assert.ok(command?.kind === 'command');
    assert.deepEqual([command.command, command.output, command.exitCode], ['echo seen', 'seen\n', 0]);
    held.open();
    const { outcome } = await record.next('turnCompleted', (event) => event.turnId === turnId);
    assert.deepEqual(outcome, { status: 'completed' });
    const after = await service.history(threadId, { cursor: null, limit: 5 });
    assert.deepEqual(after.turns[0]?.outcome, { status: 'completed' });
    // The one that runs it is still its writer.
    const second = await agent.startTurn({ text: 'once more', clientId: 'c2' });
    await record.next('turnCompleted', (event) => event.turnId === second.turnId);
  });

  it('tells how turns ended, and what was steered into one', async () => {
    const { agent, record } = bench.persistent();
    const { threadId } = await agent.start(null);
    const [beforeSteer, forever] = [gate(), gate()];
    bench.model.script = ({ lastUserText }) => {
      if (lastUserText === 'fail') return [{ error: 400, message: 'no' }];
      if (lastUserText === 'dig') return [{ text: 'I dig.' }, { hold: forever.opened }];
      return lastUserText === 'paint'
        ? [{ text: 'Red.' }, { hold: beforeSteer.opened }, { exec: 'true' }]
        : [{ text: 'Blue.' }];
    };
    const start = async (text: string): Promise<string> => (await agent.startTurn({ text, clientId: text })).turnId;
    const failed = await start('fail');
    await record.next('turnCompleted', ({ turnId }) => turnId === failed);
    const dug = await start('dig');
    await record.next('itemDelta', ({ turnId }) => turnId === dug);
    await agent.interrupt();
    forever.open();
    const painted = await start('paint');
    await record.next('itemDelta', ({ turnId }) => turnId === painted);
    await agent.steer({ text: 'blue instead', clientId: 'steer' });
    beforeSteer.open();
    await record.next('turnCompleted', ({ turnId }) => turnId === painted);
    const { turns } = await service.history(threadId, { cursor: null, limit: 5 });
    assert.deepEqual(
      turns.map(({ outcome }) => outcome?.status),
      ['completed', 'interrupted', 'failed'],
    );
    const said = turns[0]?.items.flatMap((item) => (item.kind === 'userMessage' ? [[item.text, item.clientId]] : []));
    assert.deepEqual(said, [
      ['paint', 'paint'],
      ['blue instead', 'steer'],
    ]);
  });

  it('says so where there is no such thread', async () => {
    const page = { cursor: null, limit: 5 };
    await assert.rejects(service.history('019a0000-0000-7000-8000-000000000000', page), { reason: 'threadLost' });
    await assert.rejects(service.history('no id at all', page), { reason: 'threadLost' });
  });
});
