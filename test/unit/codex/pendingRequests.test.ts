/** How a request that waits for a person ends: once, in one of four ways, and always with a valid answer for the server. */
import assert from 'node:assert/strict';
import { decodeAsked } from '../../../src/codex/asked.ts';
import { PendingRequests } from '../../../src/codex/pendingRequests.ts';
import type { IncomingRequest } from '../../../src/codex/serverRequests.ts';

const method = 'item/fileChange/requestApproval';
const otherwise = { decision: 'decline' } as const;

function incoming(id: IncomingRequest['id'], threadId = 't', turnId: string | null = 'u'): IncomingRequest {
  return { id, method, threadId, turnId, itemId: 'i', detail: '', params: {} };
}

function open(...requests: IncomingRequest[]) {
  const pending = new PendingRequests();
  const ids: string[] = [];
  const withdrawn: string[] = [];
  pending.onAsked(({ id }) => ids.push(id));
  pending.onWithdrawn(({ id, by }) => withdrawn.push(`${ids.indexOf(id)} ${by}`));
  const asked = decodeAsked(method, {});
  assert.ok(asked);
  const answers = requests.map((request) => pending.ask(request, asked, otherwise));
  const id = (place: number): string => ids[place] ?? '';
  return { pending, answers, id, withdrawn };
}

describe('requests that wait', () => {
  it('end with the answer, once', async () => {
    const { pending, answers, id, withdrawn } = open(incoming(0));
    assert.equal(pending.answer(id(0), { decision: 'accept' }), true);
    assert.equal(pending.answer(id(0), { decision: 'cancel' }), false);
    assert.deepEqual(await answers[0], { decision: 'accept' });
    pending.resolved(0);
    pending.turnOver('t', 'u');
    pending.dispose();
    assert.deepEqual(withdrawn, []);
  });

  it('end when the server says so: by its own id, whatever type that has', async () => {
    const { pending, answers, id, withdrawn } = open(incoming(1), incoming('1'));
    pending.resolved('1');
    assert.deepEqual(withdrawn, ['1 server']);
    assert.deepEqual(await answers[1], otherwise);
    assert.equal(pending.get(id(1)), undefined);
    assert.ok(pending.get(id(0)));
  });

  it('end with their turn, and with no other', () => {
    const { pending, withdrawn } = open(
      incoming(0, 't', 'u'),
      incoming(1, 't', 'other'),
      incoming(2, 'sub', 'u'),
      incoming(3, 't', null),
    );
    pending.turnOver('t', 'u');
    assert.deepEqual(withdrawn, ['0 turnOver']);
  });

  it('end with the process, all of them', async () => {
    const { pending, answers, withdrawn } = open(incoming(0), incoming(1));
    pending.dispose();
    assert.deepEqual(withdrawn, ['0 exit', '1 exit']);
    assert.deepEqual(await Promise.all(answers), [otherwise, otherwise]);
  });

  it('have ids that no other process gives again', () => {
    const first = open(incoming(0));
    const second = open(incoming(0));
    assert.notEqual(first.id(0), second.id(0));
  });
});
