/** A window sees what an agent does that another window runs, as it is told in Redis, and only while somebody looks. */
import assert from 'node:assert/strict';
import type { TownSession } from '../../../src/loop/townSession.ts';
import { TownKeys } from '../../../src/town/keys.ts';
import { eventually } from '../../support/eventually.ts';
import { gate } from '../../support/scriptedModel.ts';
import { type TestTown, agentWhen, closesAfterEach, startTestTown } from '../../support/testTown.ts';

const keys = new TownKeys('test-town');

function linesOf({ follower }: TownSession, agentId: string): string[] {
  return follower.work(agentId)?.lines.map(({ kind, text }) => `${kind}: ${text.trim()}`) ?? [];
}

describe('an agent of another window', () => {
  let town: TestTown;

  closesAfterEach(() => town);

  it('is followed in what it says and runs, live, and only while it is looked at', async () => {
    const held = gate();
    town = await startTestTown(({ index }) => {
      if (index === 0) return [{ text: 'I look around.' }, { exec: 'true' }];
      if (index === 1) return [{ hold: held.opened }, { text: 'All is well.' }];
      return [{ text: 'again' }];
    });
    const first = await town.open();
    const { id } = await first.actions.spawnAgent({ name: 'ops', task: 'look' });
    const second = await town.open();
    await town.model.waitForRequest(({ index }) => index === 1);
    assert.equal(second.follower.work(id), undefined);
    second.follower.follow(new Set([id]));
    // What was told before it was looked at.
    await eventually(() => linesOf(second, id).length === 2, { what: 'the first words' });
    assert.equal(
      linesOf(second, id)
        .join('|')
        .replace(/\$ .*true.* → 0/, '$ true → 0'),
      'words: I look around.|tool: $ true → 0',
    );
    const startedAt = second.follower.work(id)?.startedAt;
    assert.ok(startedAt !== undefined && Date.now() - startedAt < 180_000);
    const live: string[] = [];
    second.follower.onEvent(({ event }) => live.push(event.eventType));
    held.open();
    await eventually(() => linesOf(second, id).at(-1)?.startsWith('completed'), { what: 'the end of the turn' });
    await eventually(() => linesOf(second, id).includes('words: All is well.'), {
      what: 'the last words',
    });
    assert.equal(second.follower.work(id)?.startedAt, undefined);
    assert.ok(live.includes('agent_assistant_delta') && live.includes('agent_turn_completed'), live.join());
    second.follower.follow(new Set());
    assert.equal(second.follower.work(id), undefined);
    const before = live.length;
    await first.actions.sendMessage('ops', 'and now?');
    await town.model.waitForRequest(({ index }) => index === 2);
    await agentWhen(second, 'ops', (it) => it.state === 'idle' && it.roundsCompleted === 2, 'two rounds');
    assert.equal(live.length, before);
  });

  it('is one of tt where it tells nothing but its notes', async () => {
    town = await startTestTown();
    const session = await town.open();
    const raw = town.redis.client();
    session.follower.follow(new Set(['x']));
    await raw.lpush(keys.activity('x'), 'Round 1: started', 'Round 1: over');
    await eventually(() => session.follower.work('x')?.activity.length === 2, { what: 'the notes' });
    assert.deepEqual(session.follower.work('x')?.activity, ['Round 1: started', 'Round 1: over']);
    // What is no event, and what is another agent's.
    await raw.xadd(keys.agentEvents('x'), '*', 'data', '{');
    const other = { event_type: 'agent_tool_call', agent_id: 'y', message: 'no', timestamp: 'never' };
    await raw.xadd(keys.agentEvents('x'), '*', 'event_type', 'agent_tool_call', 'data', JSON.stringify(other));
    const own = { ...other, agent_id: 'x', message: 'yes' };
    await raw.xadd(keys.agentEvents('x'), '*', 'event_type', 'agent_tool_call', 'data', JSON.stringify(own));
    await eventually(() => linesOf(session, 'x').join() === 'tool: yes', { what: 'its own event' });
  });

  it('is followed where Redis tells of no changes', async () => {
    town = await startTestTown();
    await town.redis.cli('CONFIG', 'SET', 'notify-keyspace-events', '');
    const session = await town.open();
    session.follower.follow(new Set(['x']));
    const data = { event_type: 'agent_assistant_delta', agent_id: 'x', message: 'Hello', timestamp: 'never' };
    await eventually(() => session.follower.work('x') !== undefined);
    await town.redis
      .client()
      .xadd(keys.agentEvents('x'), '*', 'event_type', data.event_type, 'data', JSON.stringify(data));
    await eventually(() => linesOf(session, 'x').join() === 'words: Hello', { what: 'its words' });
  });
});
