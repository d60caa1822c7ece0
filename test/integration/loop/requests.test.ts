/** What agents ask people, in a whole town: answered here, from another window, and withdrawn by crashes and reloads. */
import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { SUPERVISOR_ID, TownKeys } from '../../../src/town/keys.ts';
import { encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { TinytownError } from '../../../src/util/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import {
  type TestTown,
  agentWhen,
  closesAfterEach,
  startTestTown,
  asked,
  shownRequests,
} from '../../support/testTown.ts';

const keys = new TownKeys('test-town');
const cautious = { sandbox: 'workspace-write' } as const;
const unanswered = gate();
const nobody = '00000000-0000-4000-8000-000000000009';

function nothingAsked(session: TownSession): Promise<boolean> {
  return eventually(() => shownRequests(session).length === 0, {
    what: 'that nothing is asked',
  });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

describe('what agents ask people', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  /** A town whose agents ask once in every turn to touch a file outside their sandbox. */
  async function askingTown(): Promise<string> {
    town = await startTestTown(({ toolOutputs }) =>
      toolOutputs.length > 0 ? [{ text: 'done' }] : [{ exec: 'touch asked-for', escalate: 'May I?' }],
    );
    return path.join(town.folder, 'asked-for');
  }

  it('is shown, told to the town, and answered', async () => {
    const file = await askingTown();
    const session = await town.open(cautious);
    const agent = await session.actions.spawnAgent({ name: 'api', task: 'do it' });
    const request = await asked(session);
    assert.equal(request.kind === 'command' && request.command, 'touch asked-for');
    assert.equal(session.mirror.agents.get(agent.id)?.state, 'working');
    const redis = town.redis.client();
    const stored = await eventually(() => redis.hget(keys.turn(agent.id), 'requests'));
    assert.deepEqual(JSON.parse(stored), [request]);
    const events = (await redis.xrange(keys.events, '-', '+')).map(([, fields]) => fields);
    const told = events.find((fields) => fields[1] === 'agent_awaiting_input');
    assert.match(told?.[3] ?? '', /api waits for you: run touch asked-for/);
    await session.actions.personInbox.answerRequest('api', request.id, { choice: 'approve' });
    await assert.rejects(session.actions.personInbox.answerRequest('api', request.id, { choice: 'decline' }), {
      reason: 'requestGone',
    });
    await agentWhen(session, 'api', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(await exists(file), true);
    assert.deepEqual(shownRequests(session), []);
    await eventually(async () => (await redis.hexists(keys.turn(agent.id), 'requests')) === 0);
    assert.deepEqual(session.runner.view(agent.id).withdrawn, []);
  });

  it('is seen and answered in another window; the first answer counts', async () => {
    const file = await askingTown();
    const first = await town.open(cautious);
    const second = await town.open(cautious);
    const agent = await first.actions.spawnAgent({ name: 'ops', task: 'do it' });
    await eventually(() => first.runner.owns(agent.id) || second.runner.owns(agent.id));
    const [owner, other] = first.runner.owns(agent.id) ? [first, second] : [second, first];
    const request = await asked(other);
    assert.deepEqual(request, await asked(owner));
    await eventually(() => other.runner.view(agent.id).owner === 'elsewhere', { what: 'seen in the other window' });
    await assert.rejects(other.actions.personInbox.answerRequest('ops', request.id, { form: {} }), {
      reason: 'badAnswer',
    });
    const answers = await Promise.allSettled([
      other.actions.personInbox.answerRequest('ops', request.id, { choice: 'approve' }),
      other.actions.personInbox.answerRequest('ops', request.id, { choice: 'approve' }),
    ]);
    assert.deepEqual(answers.map((one) => (one.status === 'rejected' ? String(one.reason) : 'taken')).toSorted(), [
      'TinytownError: This was already answered, or is no longer asked.',
      'taken',
    ]);
    await agentWhen(other, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
    assert.equal(await exists(file), true);
    await nothingAsked(other);
  });

  it('does not send secret answers through Redis', async () => {
    town = await startTestTown(() => [{ hold: unanswered.opened }]);
    const first = await town.open();
    const second = await town.open();
    const agent = await first.actions.spawnAgent({ name: 'sec', task: 'do it' });
    await eventually(() => [first, second].some(({ runner }) => runner.view(agent.id).turn));
    const other = first.runner.owns(agent.id) ? second : first;
    await eventually(() => other.runner.view(agent.id).owner === 'elsewhere', { what: 'seen in the other window' });
    const question = { id: 'q', header: 'Token', question: 'Which token?', options: [], freeText: true, secret: true };
    const decline = { id: 'decline', label: 'decline', detail: null };
    const request = { id: 'r', turnId: null, itemId: null, askedAt: 1, subAgent: null, choices: [decline] };
    const written = JSON.stringify([{ ...request, kind: 'question', blocking: true, questions: [question] }, 'odd']);
    await town.redis.client().hset(keys.turn(agent.id), 'requests', written);
    await asked(other);
    await assert.rejects(
      other.actions.personInbox.answerRequest('sec', 'r', { answers: { q: ['abc'] } }),
      (error: Error) => /runs in the window of process \d+ on .*: answer this there/.test(error.message),
    );
    assert.equal(await town.redis.client().exists(keys.control(agent.id)), 0);
  });

  it('is withdrawn when its window closes: the next one says so, drives the turn again, and is asked again', async () => {
    await askingTown();
    const first = await town.open(cautious);
    const agent = await first.actions.spawnAgent({ name: 'docs', task: 'do it' });
    const before = await asked(first);
    await eventually(() => town.redis.client().hexists(keys.turn(agent.id), 'requests'));
    await first.close();
    const second = await town.open(cautious);
    const after = await asked(second);
    assert.notEqual(after.id, before.id);
    const { withdrawn } = second.runner.view(agent.id);
    assert.deepEqual(
      withdrawn.map(({ request, reason }) => [request.id, reason]),
      [[before.id, 'reloaded']],
    );
    await assert.rejects(second.actions.personInbox.answerRequest('docs', before.id, { choice: 'approve' }), {
      reason: 'requestGone',
    });
    await second.actions.personInbox.answerRequest('docs', after.id, { choice: 'approve' });
    await agentWhen(second, 'docs', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
  });

  it('is withdrawn when the process dies, and asked again', async () => {
    await askingTown();
    const session = await town.open(cautious);
    const agent = await session.actions.spawnAgent({ name: 'qa', task: 'do it' });
    const before = await asked(session);
    const { pid } = session.runner.view(agent.id);
    assert.ok(pid);
    process.kill(-pid, 'SIGKILL');
    const after = await eventually(() => shownRequests(session).find(({ id }) => id !== before.id), {
      what: 'the request again',
    });
    assert.equal(session.runner.view(agent.id).withdrawn[0]?.reason, 'exited');
    await session.actions.personInbox.answerRequest('qa', after.id, { choice: 'decline' });
    await agentWhen(session, 'qa', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
  });

  it('is withdrawn when the agent is restarted, and asked again', async () => {
    await askingTown();
    const session = await town.open(cautious);
    const agent = await session.actions.spawnAgent({ name: 'ops', task: 'do it' });
    const before = await asked(session);
    await session.actions.restartAgent('ops');
    const after = await eventually(() => shownRequests(session).find(({ id }) => id !== before.id), {
      timeout: 15_000,
      what: 'the request again',
    });
    assert.deepEqual(
      shownRequests(session).map(({ id }) => id),
      [after.id],
    );
    const { withdrawn } = session.runner.view(agent.id);
    assert.deepEqual(
      withdrawn.map(({ request, reason }) => [request.id, reason]),
      [[before.id, 'exited']],
    );
    const redis = town.redis.client();
    await eventually(async () => {
      const stored = await redis.hget(keys.turn(agent.id), 'requests');
      return stored !== null && !stored.includes(before.id) && stored.includes(after.id);
    });
    await session.actions.personInbox.answerRequest('ops', after.id, { choice: 'decline' });
    await agentWhen(session, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 1, 'one round');
  });

  it('is withdrawn when the turn is interrupted; the work is held', async () => {
    await askingTown();
    const session = await town.open(cautious);
    const agent = await session.actions.spawnAgent({ name: 'web', task: 'do it' });
    const { id } = await asked(session);
    await session.actions.interrupt('web');
    assert.deepEqual(shownRequests(session), []);
    assert.equal(session.runner.view(agent.id).withdrawn[0]?.reason, 'turnOver');
    await assert.rejects(session.actions.personInbox.answerRequest('web', id, { choice: 'approve' }), {
      reason: 'requestGone',
    });
    await eventually(() => session.mirror.waiting(agent.id).held === 1, { what: 'held work' });
    await eventually(async () => (await town.redis.client().hexists(keys.turn(agent.id), 'requests')) === 0);
  });

  it('lists what is written to the person; answers go on as tasks, and what is no message is set aside', async () => {
    town = await startTestTown();
    const session = await town.open();
    const agent = await session.actions.spawnAgent({ name: 'backend' });
    await agentWhen(session, 'backend', (it) => it.state === 'idle', 'idle');
    const redis = town.redis.client();
    const inbox = keys.inbox(SUPERVISOR_ID);
    const from = { from: agent.id, to: SUPERVISOR_ID };
    const query = newMessage({ ...from, type: 'query', question: 'Which database?' });
    const news = newMessage({ ...from, type: 'informational', summary: 'It compiles.' });
    const stranger = newMessage({ type: 'query', question: 'Who?', from: nobody, to: SUPERVISOR_ID });
    await redis.rpush(inbox, encodeMessage(query), 'no message', encodeMessage(news), encodeMessage(stranger));
    const messages = await session.actions.personInbox.supervisorMessages();
    assert.deepEqual(
      messages.map(({ fromName, type, text, asks }) => [fromName, type, text, asks]),
      [
        ['backend', 'query', 'Which database?', true],
        ['backend', 'informational', 'It compiles.', false],
        [nobody, 'query', 'Who?', true],
      ],
    );
    assert.equal(await redis.llen(keys.dead(SUPERVISOR_ID)), 1);
    await session.actions.personInbox.dismissMessage(news.id);
    await assert.rejects(session.actions.personInbox.dismissMessage(news.id), { reason: 'messageGone' });
    await assert.rejects(session.actions.personInbox.replyTo(stranger.id, 'Postgres'), { reason: 'agentGone' });
    const twice = [1, 2].map(() => session.actions.personInbox.replyTo(query.id, 'Postgres'));
    const [refused] = (await Promise.allSettled(twice)).flatMap((one) => (one.status === 'rejected' ? [one] : []));
    assert.ok(refused?.reason instanceof TinytownError && refused.reason.reason === 'messageGone');
    const request = await town.model.waitForRequest(() => true);
    assert.match(request.lastUserText, /Task from the supervisor\n[^]*"Which database\?"[^]*Postgres/);
    assert.deepEqual(
      (await session.actions.personInbox.supervisorMessages()).map(({ id }) => id),
      [stranger.id],
    );
  });
});
