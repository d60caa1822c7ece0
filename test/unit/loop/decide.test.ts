/** The rules of the loop as a table: what is known, and what is done. */
import assert from 'node:assert/strict';
import { type LoopFacts, decide, inOrder } from '../../../src/loop/agent/decide.ts';
import type { WaitingMessage } from '../../../src/town/stores/delivery.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { type MessageBody, type Priority, encodeMessage, newMessage } from '../../../src/town/records/messages.ts';
import { type AgentState, agentStates } from '../../../src/town/records/records.ts';

const agent = '11111111-1111-4111-8111-111111111111';
const now = 1_000_000;

function waiting(body: MessageBody, list: 'urgent' | 'inbox' = 'inbox', priority: Priority = 'normal'): WaitingMessage {
  const message = newMessage({ ...body, from: SUPERVISOR_ID, to: agent, priority });
  return { message, list, raw: Buffer.from(encodeMessage(message)) };
}

const task = waiting({ type: 'task', description: 'build it' });
const urgentTask = waiting({ type: 'task', description: 'change course' }, 'urgent');
const question = waiting({ type: 'query', question: 'why?' });
const news = waiting({ type: 'informational', summary: 'it rains' });
const urgentNews = waiting({ type: 'informational', summary: 'it burns' }, 'urgent');
const thanks = waiting({ type: 'confirmation', ackType: { type: 'thanks' } });
const ping = waiting({ type: 'ping' });
const status = waiting({ type: 'status_request' });
const shutdown = waiting({ type: 'shutdown' });

/** A backlog that may be offered now. */
const offer: LoopFacts['backlog'] = {
  allowed: true,
  isNew: true,
  changedAt: now - 5_000,
  quietMs: 5_000,
  notBefore: 0,
};
const asleep: Partial<LoopFacts> = { state: 'cold', runtime: 'none' };

function facts(parts: Partial<LoopFacts>): LoopFacts {
  return {
    state: 'idle',
    stopRequested: false,
    runtime: 'persistent',
    outdated: false,
    wantedMode: 'persistent',
    turn: 'none',
    steerable: true,
    waiting: [],
    leftWaiting: new Set(),
    unfinished: false,
    backlog: { ...offer, isNew: false },
    held: false,
    unconfirmed: false,
    room: true,
    roomWanted: false,
    notBefore: 0,
    now,
    idleSince: now,
    idleTimeoutMs: 300_000,
    rounds: 0,
    maxRounds: 0,
    ...parts,
  };
}

const rows: [name: string, known: Partial<LoopFacts>, action: string, messages?: WaitingMessage[]][] = [
  ['an idle agent with nothing to do waits until it goes cold', {}, 'wait until 1300000'],
  ['an idle agent without an idle time-out waits', { idleTimeoutMs: 0 }, 'wait'],
  ['an agent that was idle for long goes cold', { idleSince: now - 300_000 }, 'coolDown cold'],
  ['a task starts a round', { waiting: [task] }, 'round', [task]],
  ['a question starts a round', { waiting: [question] }, 'round', [question]],
  ['a round takes all that waits', { waiting: [news, task, thanks] }, 'round', [news, task, thanks]],
  ['news alone starts nothing', { waiting: [news] }, 'wait until 1300000'],
  ['thanks alone are noted', { waiting: [thanks, news] }, 'settleQuietly', [thanks]],
  ['a ping costs no turn', { waiting: [ping, task] }, 'settleQuietly', [ping]],
  [
    'a status request costs no turn, not even of a working agent',
    { turn: 'running', state: 'working', waiting: [status] },
    'settleQuietly',
    [status],
  ],
  ['a shutdown is obeyed at once', { waiting: [shutdown, task] }, 'settleQuietly', [shutdown]],
  [
    'work waits for a program that the user has not confirmed',
    { unconfirmed: true, waiting: [task] },
    'wait until 1300000',
  ],
  [
    'a cold agent is not woken where its program is not confirmed',
    { unconfirmed: true, state: 'cold', runtime: 'none', waiting: [task] },
    'wait',
  ],
  ['work waits for room', { room: false, runtime: 'none', waiting: [task] }, 'waitForRoom'],
  [
    'a cold agent with work waits for room',
    { room: false, state: 'cold', runtime: 'none', waiting: [task] },
    'waitForRoom',
  ],
  ['an agent without work and without room goes cold', { room: false, runtime: 'none' }, 'coolDown cold'],
  ['an idle agent makes room', { roomWanted: true }, 'coolDown cold'],
  ['an idle agent that never goes cold makes room, too', { roomWanted: true, idleTimeoutMs: 0 }, 'coolDown cold'],
  ['an agent with work keeps its place', { roomWanted: true, waiting: [task] }, 'round', [task]],
  ['a paused agent makes room', { roomWanted: true, state: 'paused' }, 'coolDown paused'],
  ['a cold agent sleeps on', { state: 'cold', runtime: 'none' }, 'wait'],
  ['a cold agent is not woken by news', { state: 'cold', runtime: 'none', waiting: [news] }, 'wait'],
  ['a cold agent is woken by a task', { state: 'cold', runtime: 'none', waiting: [task] }, 'start'],
  [
    'a closed agent is not woken by what was left waiting',
    { state: 'cold', runtime: 'none', waiting: [task], leftWaiting: new Set([task.message.id]) },
    'wait',
  ],
  [
    'a closed agent is woken by what came later',
    { state: 'cold', runtime: 'none', waiting: [task, question], leftWaiting: new Set([task.message.id]) },
    'start',
  ],
  ['an agent that was idle before a reload comes up again', { runtime: 'none' }, 'start'],
  ['an agent whose turn was cut off comes up again', { state: 'working', runtime: 'none', unfinished: true }, 'start'],
  ['after a failure nothing starts before its time', { waiting: [task], notBefore: now + 1 }, 'wait until 1000001'],
  [
    'after a crash nothing starts before its time',
    { state: 'working', runtime: 'none', unfinished: true, notBefore: now + 5 },
    'wait until 1000005',
  ],
  ['rounds end at their limit', { waiting: [task], rounds: 5, maxRounds: 5 }, 'stopAtMaxRounds'],
  ['rounds go on below their limit', { waiting: [task], rounds: 4, maxRounds: 5 }, 'round', [task]],
  ['a running turn is not disturbed by a task', { state: 'working', turn: 'running', waiting: [task] }, 'wait'],
  [
    'an urgent message steers a running turn',
    { state: 'working', turn: 'running', waiting: [urgentTask, task] },
    'steer',
    [urgentTask],
  ],
  ['urgent news steer too', { state: 'working', turn: 'running', waiting: [urgentNews] }, 'steer', [urgentNews]],
  [
    'an urgent message does not overtake one whose steer was taken without an answer',
    { state: 'working', turn: 'running', unfinished: true, waiting: [urgentTask] },
    'wait',
  ],
  [
    'a one-shot turn cannot be steered',
    { state: 'working', turn: 'running', runtime: 'one-shot', wantedMode: 'one-shot', waiting: [urgentTask] },
    'wait',
  ],
  [
    'a turn that refused a steer is not steered again',
    { state: 'working', turn: 'running', steerable: false, waiting: [urgentTask] },
    'wait',
  ],
  [
    'a turn that refused a steer can still be paused',
    { state: 'paused', turn: 'running', steerable: false },
    'endTurnForPause',
  ],
  ['a turn that is ending is left alone', { state: 'working', turn: 'ending', waiting: [urgentTask] }, 'wait'],
  ['an urgent message to an idle agent starts a round', { waiting: [urgentTask] }, 'round', [urgentTask]],
  [
    'the other mode waits for the end of the turn',
    { state: 'working', turn: 'running', wantedMode: 'one-shot' },
    'wait',
  ],
  ['the other mode is taken between turns', { wantedMode: 'one-shot', waiting: [task] }, 'replaceRuntime'],
  ['a process from before a sign-in is replaced between turns', { outdated: true, waiting: [task] }, 'replaceRuntime'],
  [
    'a process from before a sign-in ends its turn first',
    { outdated: true, turn: 'running', state: 'working' },
    'wait',
  ],
  ['no turn is started while nobody is signed in', { held: true, waiting: [task] }, 'wait until 1300000'],
  ['nor with the backlog', { held: true, backlog: offer }, 'wait until 1300000'],
  ['nor is a cold agent woken for one', { held: true, state: 'cold', runtime: 'none', waiting: [task] }, 'wait'],
  [
    'a turn that runs is steered although another was refused',
    { held: true, turn: 'running', state: 'working', waiting: [urgentTask] },
    'steer',
    [urgentTask],
  ],
  ['a pause ends the turn', { state: 'paused', turn: 'running' }, 'endTurnForPause'],
  ['a paused agent takes no work', { state: 'paused', waiting: [task] }, 'wait until 1300000'],
  ['a paused agent goes without its process after a while', { state: 'paused', idleSince: 0 }, 'coolDown paused'],
  ['a paused agent without a process waits', { state: 'paused', runtime: 'none', waiting: [task] }, 'wait'],
  ['a draining agent finishes its turn', { state: 'draining', turn: 'running', waiting: [urgentTask] }, 'wait'],
  ['a draining agent without a turn is closed', { state: 'draining', waiting: [task] }, 'finishDrain'],
  [
    'a drain with the stop flag that `tt close` sets finishes its turn',
    { state: 'draining', stopRequested: true, turn: 'running' },
    'wait',
  ],
  ['a stop ends the turn', { state: 'stopped', turn: 'running' }, 'endTurnForStop'],
  ['the stop flag ends the turn', { state: 'working', stopRequested: true, turn: 'running' }, 'endTurnForStop'],
  ['a stop ends the process', { state: 'stopped' }, 'finishStop'],
  ['the stop flag ends the process', { stopRequested: true }, 'finishStop'],
  ['a stopped agent takes no work', { state: 'stopped', runtime: 'none', waiting: [task, ping] }, 'wait'],
  ['an agent in error takes no work', { state: 'error', runtime: 'none', waiting: [task] }, 'wait'],
  ['an idle agent is shown a backlog that matches', { backlog: offer, waiting: [news] }, 'offerBacklog', [news]],
  ['work comes before the backlog', { backlog: offer, waiting: [task] }, 'round', [task]],
  ['no backlog is shown unless the user allows it', { backlog: { ...offer, allowed: false } }, 'wait until 1300000'],
  ['nor the same one twice', { backlog: { ...offer, isNew: false } }, 'wait until 1300000'],
  ['nor one that changed a moment ago', { backlog: { ...offer, changedAt: now - 4_000 } }, 'wait until 1001000'],
  ['nor one that another agent was offered', { backlog: { ...offer, notBefore: now + 300 } }, 'wait until 1000300'],
  [
    'a sleeping agent is not woken for one that has to wait',
    { ...asleep, backlog: { ...offer, changedAt: now } },
    'wait',
  ],
];

describe('decide', () => {
  for (const [name, known, expected, messages] of rows) {
    it(name, () => {
      const action = decide(facts(known));
      const until = action.do === 'wait' && action.until !== undefined ? ` until ${action.until}` : '';
      const state = action.do === 'coolDown' ? ` ${action.state}` : '';
      assert.equal(`${action.do}${until}${state}`, expected);
      if (messages) assert.deepEqual('messages' in action && action.messages, messages);
    });
  }

  it('answers in every state, whatever runs and waits', () => {
    for (const state of agentStates satisfies readonly AgentState[]) {
      for (const turn of ['none', 'running', 'ending'] as const) {
        for (const runtime of ['none', 'persistent', 'one-shot'] as const) {
          for (const some of [[], [task], [urgentTask, task, news]]) {
            const action = decide(facts({ state, turn, runtime, waiting: some }));
            if (turn === 'running') assert.ok(!['round', 'offerBacklog', 'replaceRuntime'].includes(action.do), state);
          }
        }
      }
    }
  });
});

function at(second: number, one: WaitingMessage): WaitingMessage {
  return { ...one, message: { ...one.message, createdAt: `2026-01-01T00:00:0${second}Z` } };
}

describe('inOrder', () => {
  it('puts urgent ones first by time, then high ones by time, then the rest as it stands', () => {
    const urgent = [at(3, urgentTask), at(1, urgentTask)];
    const highLate = at(5, waiting({ type: 'task', description: 'b' }, 'inbox', 'high'));
    const highEarly = at(4, waiting({ type: 'task', description: 'a' }, 'inbox', 'urgent'));
    const inbox = [highLate, highEarly, at(9, task), at(2, news)];
    assert.deepEqual(inOrder(urgent, inbox), [urgent[1], urgent[0], highEarly, highLate, inbox[2], inbox[3]]);
  });

  it('keeps the place of messages that were written in one instant', () => {
    const same = [at(1, urgentTask), at(1, urgentNews)];
    assert.deepEqual(inOrder(same, []), same);
  });
});
