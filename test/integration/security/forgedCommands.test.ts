/** Another client of the same Redis gives commands in the user's name. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Redis } from 'ioredis';
import * as z from 'zod/mini';
import type { TownSession } from '../../../src/loop/townSession.ts';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import { requestsOf } from '../../../src/ui/needs/needs.ts';
import { requestDigest } from '../../../src/loop/agent/requestCodec.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { TownKey } from '../../../src/town/control/townKey.ts';
import { eventually } from '../../support/eventually.ts';
import { tempDir } from '../../support/tempDir.ts';
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

describe('commands in the name of the user', () => {
  let town: TestTown;
  let session: TownSession;
  let redis: Redis;
  let agentId: string;
  let request: AgentRequest;
  closesAfterEach(() => town);

  /** An agent that waits for an approval. */
  beforeEach(async () => {
    town = await startTestTown(({ toolOutputs }) =>
      toolOutputs.length > 0 ? [{ text: 'done' }] : [{ exec: 'touch asked-for', escalate: 'May I?' }],
    );
    session = await town.open(cautious);
    redis = town.redis.client();
    agentId = (await session.actions.spawnAgent({ name: 'ops', task: 'do it' })).id;
    request = await asked(session);
  });

  function isDone(): boolean {
    return existsSync(path.join(town.folder, 'asked-for'));
  }

  async function approval(): Promise<Record<string, string>> {
    const epoch = (await redis.get(keys.epoch(agentId))) ?? '';
    const shown = requestDigest(request);
    const answer = '{"choice":"approve"}';
    return { request: request.id, shown, answer, epoch, nonce: randomUUID(), reply: randomUUID() };
  }

  /** Writes a command, and resolves with the owner's answer. */
  async function give(action: string, fields: Record<string, string>): Promise<unknown> {
    await redis.xadd(keys.control(agentId), '*', ...Object.entries({ action, ...fields }).flat());
    const reply = await eventually(() => redis.get(keys.reply(fields.reply ?? '')), { what: 'an answer' });
    return JSON.parse(z.object({ answer: z.string() }).parse(JSON.parse(reply)).answer);
  }

  it('are refused without a proof, or with one of another key: told once, logged once, and nothing is done', async () => {
    const shown: string[] = [];
    session.runner.onProblem(({ error }) => shown.push(String(error)));
    const elsewhere = await tempDir('attacker');
    const attacker = new TownKey(elsewhere.path, 'test-town');
    for (const action of ['answer', 'interrupt', 'restart', 'release']) {
      const fields = await approval();
      assert.deepEqual(Object.entries((await give(action, fields)) ?? {}).slice(0, 2), [
        ['ok', false],
        ['reason', 'unproven'],
      ]);
      const signed = { ...fields, ...(await attacker.prove({ town: 'test-town', agentId, action, fields })) };
      await redis.del(keys.reply(fields.reply ?? ''));
      assert.equal(Object.entries((await give(action, signed)) ?? {})[1]?.[1], 'otherTownKey');
    }
    await elsewhere.remove();
    assert.deepEqual(shownRequests(session).length, 1, 'it still waits for the user');
    assert.equal(isDone(), false);
    assert.equal(session.runner.owns(agentId), true);
    assert.equal(shown.filter((text) => text.includes('was refused')).length, 1);
    assert.equal(town.log.filter((line) => line.includes('was refused')).length, 1);
  });

  it('work once: an entry that was obeyed and is written again is not', async () => {
    const key = new TownKey(town.storage, 'test-town');
    const fields = { epoch: (await redis.get(keys.epoch(agentId))) ?? '', nonce: randomUUID(), reply: randomUUID() };
    const signed = { ...fields, ...(await key.prove({ town: 'test-town', agentId, action: 'interrupt', fields })) };
    assert.deepEqual(await give('interrupt', signed), { ok: true, survivors: [] });
    await session.actions.sendMessage('ops', 'again');
    request = await asked(session);
    await redis.xadd(keys.control(agentId), '*', ...Object.entries({ action: 'interrupt', ...signed }).flat());
    await eventually(() => town.log.some((line) => line.includes('was refused')), { what: 'the refusal' });
    assert.equal(session.runner.view(agentId).turn !== undefined, true, 'the turn runs');
  });

  it('do not approve what another client shows in its place', async () => {
    const other = await town.open(cautious);
    const harmless = JSON.stringify([{ ...request, command: 'echo harmless' }]);
    await redis.hset(keys.turn(agentId), 'requests', harmless);
    await eventually(() => shownRequests(other).some((one) => JSON.stringify(one).includes('harmless')), {
      what: 'the forged request is shown',
    });
    const answered = other.actions.personInbox.answerRequest('ops', request.id, { choice: 'approve' });
    await assert.rejects(answered, { reason: 'notWhatWasShown' });
    assert.equal(isDone(), false);
  });

  it('do not approve what another client had changed while it was shown, and has changed back since', async () => {
    const other = await town.open(cautious);
    const harmless = { ...request, command: 'echo harmless' };
    await redis.hset(keys.turn(agentId), 'requests', JSON.stringify([harmless]));
    const shown = await eventually(() => shownRequests(other).find((one) => JSON.stringify(one).includes('harmless')), {
      what: 'the forged request is shown',
    });
    await redis.hset(keys.turn(agentId), 'requests', JSON.stringify([request]));
    await eventually(() => !JSON.stringify(shownRequests(other)).includes('harmless'), {
      what: 'the forged request is gone',
    });
    const answered = other.actions.personInbox.answerRequest('ops', request.id, { choice: 'approve' }, shown);
    await assert.rejects(answered, { reason: 'notWhatWasShown' });
    assert.equal(isDone(), false);
    const keyOf = (one: AgentRequest): string | undefined => {
      const agent = session.mirror.agents.get(agentId);
      return agent && requestsOf(agent, { ...other.runner.view(agentId), requests: [one] })[0]?.key;
    };
    assert.notEqual(
      keyOf(shown),
      keyOf(request),
      'an old row, document or notification does not approve the new request',
    );
  });

  it('from another machine work once it was given the town key', async () => {
    const storage = await tempDir('machine');
    const other = await town.open(cautious, {}, { storageDir: storage.path });
    await asked(other);
    const approve = (): Promise<void> =>
      other.actions.personInbox.answerRequest('ops', request.id, { choice: 'approve' });
    await assert.rejects(approve(), { reason: 'otherTownKey', message: /its town key is different/ });
    await assert.rejects(other.actions.takeOver('ops'), { reason: 'otherTownKey' });
    await other.townKey.replace(await session.townKey.read());
    await approve();
    await agentWhen(session, 'ops', (it) => it.roundsCompleted === 1, 'one round');
    assert.equal(isDone(), true);
    const stored = JSON.stringify(await Promise.all((await redis.keys('*')).map((name) => redis.dump(name))));
    assert.ok(!stored.includes(await session.townKey.read()), 'the key is not in Redis');
    await storage.remove();
  });
});
