import assert from 'node:assert/strict';
import { decodeEvent, eventPayload, eventStreams, newEvent } from '../../../src/town/stores/events.ts';
import { TownKeys } from '../../../src/town/keys.ts';

const keys = new TownKeys('hill');

describe('an event', () => {
  it('is written as tt reads it, with fields of ours beside', () => {
    const event = newEvent('task_assigned', 'm', {
      agentId: 'a',
      taskId: 't',
      extra: { batch: 1, message: 'not this' },
    });
    const [, type, , data] = eventPayload(event);
    assert.equal(type, 'task_assigned');
    const parsed: unknown = JSON.parse(data);
    const { timestamp } = event;
    assert.deepEqual(parsed, { batch: 1, event_type: type, message: 'm', agent_id: 'a', task_id: 't', timestamp });
  });

  it('goes to the town’s stream and to each agent’s it names, once', () => {
    assert.deepEqual(eventStreams(keys, newEvent('agent_resumed', '')), [keys.events]);
    const event = newEvent('task_delegated', '', { agentId: 'a', parentAgentId: 'a', childAgentId: 'c' });
    assert.deepEqual(eventStreams(keys, event), [keys.events, keys.agentEvents('a'), keys.agentEvents('c')]);
  });

  it('is read whatever its type, and with unknown fields', () => {
    const data = JSON.stringify({ event_type: 'mission_event', message: 'm', timestamp: 'now', mission_id: 'x' });
    const decoded = decodeEvent('1-0', ['data', data, 'event_type', 'mission_event']);
    assert.ok(decoded.ok);
    assert.equal(decoded.value.eventType, 'mission_event');
    assert.equal(decoded.value.data.mission_id, 'x');
  });

  it('is refused without data, with bad JSON, or without its message', () => {
    for (const fields of [[], ['event_type', 'x'], ['x', 'data'], ['data', '{'], ['data', '{"event_type":"x"}']]) {
      assert.equal(decodeEvent('1-0', fields).ok, false, JSON.stringify(fields));
    }
  });
});
