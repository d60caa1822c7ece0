/** Which request is possible in which state, and where it leads: the whole table, so that a change of it is seen. */
import assert from 'node:assert/strict';
import { type StateRequest, transitions } from '../../../src/loop/actions/requests.ts';
import { agentStates } from '../../../src/town/records/records.ts';

const table: Record<StateRequest, string> = {
  //        cold     starting idle     working  paused   draining stopped  error
  pause: '  paused   paused   paused   paused   -        -        -        -',
  resume: ' -        -        -        -        idle     -        -        -',
  close: '  -        draining draining draining draining -        -        -',
  stop: '   stopped  stopped  stopped  stopped  stopped  stopped  -        stopped',
  restart: 'idle     -        -        -        -        -        idle     idle',
};

describe('requests by state', () => {
  for (const request of ['pause', 'resume', 'close', 'stop', 'restart'] as const) {
    it(request, () => {
      const { from, to } = transitions[request];
      const row = agentStates.map((state) => (from.includes(state) ? to : '-'));
      assert.deepEqual(row, table[request].trim().split(/\s+/));
    });
  }
});
