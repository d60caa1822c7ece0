/** What the real app-server cannot be made to do: silence, garbage, floods, requests of every kind. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { PersistentAgent, PersistentAgentOptions } from '../../../src/runtime/persistentAgent.ts';
import { AgentBench, type Recording } from '../../support/agentHarness.ts';
import { eventually } from '../../support/eventually.ts';

const fake = path.resolve(import.meta.dirname, '../../support/fakeAppServer.ts');

describe('persistent agent on an app-server that misbehaves', () => {
  let bench: AgentBench;

  beforeEach(async () => {
    bench = await AgentBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  function on(
    mode: string,
    { env = {}, limits = {} }: Pick<Partial<PersistentAgentOptions>, 'env' | 'limits'> = {},
  ): { agent: PersistentAgent; record: Recording } {
    return bench.persistent({ codexPath: fake, limits, env: { ...bench.home.env, FAKE_MODE: mode, ...env } });
  }

  it('reads on after lines that are no messages', async () => {
    const { agent, record } = on('garbage');
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    const skipped = bench.logged.filter((line) => line.includes('A line was skipped'));
    assert.equal(skipped.length, 4, bench.logged.join('\n'));
  });

  for (const mode of ['silent', 'neverStarts']) {
    it(`ends one that gives no turn when asked for one (${mode}), and does not ask again`, async () => {
      // It also has so long to start.
      const { agent, record } = on(mode, { limits: { startMs: 3_000 } });
      await agent.start(null);
      await assert.rejects(agent.startTurn({ text: 'x', clientId: 'c1' }), { reason: 'unresponsive' });
      assert.deepEqual(
        record.of('exited').map(({ reason }) => reason),
        ['unresponsive'],
      );
      assert.equal(agent.pid, undefined);
    });
  }

  it('resumes a thread without its turns, which may be too many for one line', async () => {
    const { agent } = on('');
    const thread = '11111111-1111-4111-8111-111111111111';
    assert.ok((await agent.start(thread)).threadId);
  });

  it('ends one that does not answer a steer', async () => {
    const { agent, record } = on('deaf', { limits: { steerMs: 200 } });
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await assert.rejects(agent.steer({ text: 'y', clientId: 's1' }), { reason: 'unresponsive' });
    assert.equal(record.of('exited')[0]?.reason, 'unresponsive');
  });

  it('ends one that does not end its turn when interrupted: the turn counts as interrupted', async () => {
    const { agent, record } = on('deaf', { limits: { interruptMs: 200 } });
    await agent.start(null);
    const { turnId } = await agent.startTurn({ text: 'x', clientId: 'c1' });
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors: [] });
    assert.deepEqual(
      record.events.slice(-2).map((event) => [event.type, 'outcome' in event ? event.outcome.status : '']),
      [
        ['turnCompleted', 'interrupted'],
        ['exited', ''],
      ],
    );
    assert.deepEqual(record.of('turnCompleted')[0]?.turnId, turnId);
    assert.equal(record.of('exited')[0]?.reason, 'unresponsive');
  });

  it('asks an overloaded one again', async () => {
    const { agent, record } = on('overloaded');
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    assert.equal(bench.logged.filter((line) => /overloaded\. Retrying turn\/start in/.test(line)).length, 2);
    assert.equal(record.of('turnStarted').length, 1);
  });

  it('takes the end of a turn before the reply to its start', async () => {
    const { agent, record } = on('lateReply');
    await agent.start(null);
    assert.deepEqual(await agent.startTurn({ text: 'x', clientId: 'c1' }), { turnId: 'turn-1' });
    assert.deepEqual(await agent.startTurn({ text: 'y', clientId: 'c2' }), { turnId: 'turn-2' });
    assert.equal(record.of('turnCompleted').length, 2);
  });

  it('adopts a turn that nobody asked for', async () => {
    const { agent, record } = on('unasked');
    await agent.start(null);
    await record.next('turnCompleted');
    assert.deepEqual(record.of('turnStarted'), [{ type: 'turnStarted', turnId: 'unasked', adopted: true }]);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    assert.equal(record.of('turnStarted')[1]?.adopted, false);
  });

  it('keeps turns of other threads apart and passes over what it does not know', async () => {
    const { agent, record } = on('strangers');
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    assert.deepEqual(
      record.of('turnStarted').map(({ turnId }) => turnId),
      ['turn-1'],
    );
    const items = record.of('itemCompleted').map(({ item }) => (item.kind === 'other' ? item.type : item.kind));
    assert.deepEqual(items, ['userMessage', 'hologram', 'agentMessage']);
  });

  it('answers every request of the protocol, and refuses what is not of it', async () => {
    const { agent, record } = on('requests');
    await agent.start(null);
    agent.onEvent((event) => {
      if (event.type === 'requestAsked') void agent.answer(event.request.id, { choice: 'decline' });
    });
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    const said = record.of('itemCompleted').flatMap(({ item }) => (item.kind === 'agentMessage' ? [item.text] : []));
    const answers = JSON.parse(said[0] ?? '') as { id: number; result?: { currentTimeAt?: number }; error?: unknown }[];
    const byId = answers.toSorted((left, right) => left.id - right.id);
    assert.ok(Math.abs((byId[8]?.result?.currentTimeAt ?? 0) - Date.now() / 1000) < 60);
    const nobody = 'Nobody can answer this here.';
    const notOffered = { code: -32600, message: 'This client does not offer that.' };
    assert.deepEqual(byId.toSpliced(8, 1), [
      { id: 0, result: { decision: 'decline' } },
      { id: 1, result: { decision: 'decline' } },
      { id: 2, result: { permissions: {}, scope: 'turn' } },
      { id: 3, result: { answers: {} } },
      { id: 4, result: { action: 'decline', content: null, _meta: null } },
      { id: 5, result: { success: false, contentItems: [{ type: 'inputText', text: nobody }] } },
      { id: 6, error: notOffered },
      { id: 7, error: notOffered },
      { id: 9, result: { decision: { denied: { rejection: nobody } } } },
      { id: 10, result: { decision: { denied: { rejection: nobody } } } },
      { id: 11, error: { code: -32601, message: 'Unhandled method no/such/request' } },
    ]);
    const declined = record.of('requestDeclined').map(({ detail }) => detail);
    assert.deepEqual(declined, ['t', 'unauthorized', '', '', 'ls']);
    assert.deepEqual(
      record.of('requestAsked').map(({ request }) => request.kind),
      ['command', 'fileChange', 'permissions', 'question', 'elicitation'],
    );
    assert.equal(record.of('requestWithdrawn').length, 5);
    assert.ok(bench.logged.some((line) => line.includes('no/such/request')));
  });

  it('withdraws what the server does not wait for any more, and declines what cannot be read', async () => {
    const { agent, record } = on('changesItsMind');
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    const [asked] = record.of('requestAsked');
    const withdrawn = [{ type: 'requestWithdrawn', requestId: asked?.request.id, reason: 'withdrawn' }];
    assert.deepEqual(record.of('requestWithdrawn'), withdrawn);
    await assert.rejects(agent.answer(asked?.request.id ?? '', { choice: 'approve' }), { reason: 'requestGone' });
    assert.deepEqual(
      record.of('requestDeclined').map(({ method }) => method),
      ['item/tool/requestUserInput'],
    );
  });

  it('says what it could not end', async () => {
    const { agent, record } = on('leftovers', { limits: { steerMs: 1_000 } });
    await agent.start(null);
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    const survivors = ['the sub-agent "a-sub-agent"', 'the command sleep 1', 'the command sleep 1'];
    assert.deepEqual(await agent.interrupt(), { stopped: true, survivors });
    assert.equal(record.of('exited').length, 0);
    assert.match(
      record.of('runtimeError')[0]?.message ?? '',
      /still running: the sub-agent "a-sub-agent"; the command/,
    );
  });

  it('says why one does not start, after trying again', async () => {
    const { agent, record } = on('exits');
    await assert.rejects(agent.start(null), { reason: 'startFailed' });
    assert.equal(bench.logged.filter((line) => /Trying again/.test(line)).length, 2);
    assert.deepEqual(record.events, []);
    await eventually(async () => (await bench.registry.list()).length === 0);
  });

  it('carries a flood of words and loses neither one of them nor the end', async () => {
    const { agent, record } = on('flood', { env: { FAKE_COUNT: '100000' } });
    let words = 0;
    let turns = 0;
    agent.onEvent(({ type }) => (words += type === 'itemDelta' ? 1 : 0));
    const clock = setInterval(() => (turns += 1), 10);
    await agent.start(null);
    const began = performance.now();
    await agent.startTurn({ text: 'x', clientId: 'c1' });
    await record.next('turnCompleted');
    const seconds = (performance.now() - began) / 1000;
    clearInterval(clock);
    assert.equal(words, 100_000);
    assert.ok(turns > 5, `timers ran ${turns} times meanwhile`);
    assert.ok(words / seconds > 10_000, `${Math.round(words / seconds)} a second`);
    if (process.env['TINYTOWN_FIGURES']) process.stdout.write(`${Math.round(words / seconds)} deltas a second\n`);
  });
});
