/** What is fuzzed: each target takes a case's chance, makes something hostile of it, and fails by throwing. */
import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { decodeAsked } from '../../src/codex/asked.ts';
import { decodeNotification } from '../../src/codex/methods.ts';
import { isServerRequest, readRequest } from '../../src/codex/serverRequests.ts';
import { PAST_TURNS, WITHDRAWN, type AgentView, emptyView, reduceView } from '../../src/loop/state/agentView.ts';
import { decide, inOrder } from '../../src/loop/agent/decide.ts';
import { bodyText, roundPrompt, steerPrompt } from '../../src/loop/agent/prompt.ts';
import { knownAtStart } from '../../src/loop/agent/standing.ts';
import { toRuntimeEvents } from '../../src/runtime/events.ts';
import { TextAnswer, readExecEvent } from '../../src/runtime/execOutput.ts';
import { answerProblem, toAgentRequest, toServerAnswer } from '../../src/runtime/requests.ts';
import type { WaitingMessage } from '../../src/town/stores/delivery.ts';
import { decodeMessage } from '../../src/town/records/messages.ts';
import { type TaskRecord, agentStates, decodeAgent, decodeTask } from '../../src/town/records/records.ts';
import { roleOf } from '../../src/town/records/roles.ts';
import { catalogue } from '../../src/tools/catalogue.ts';
import { readCommandLine } from '../../src/tools/commandLine.ts';
import type { ToolContext, ToolTown } from '../../src/tools/operation.ts';
import { OutputText } from '../../src/ui/agents/outputText.ts';
import { TinytownError } from '../../src/util/errors.ts';
import { oneLine, stripControls } from '../../src/util/text.ts';
import type { Random } from '../support/random.ts';
import { hostileText, hostileValue, mutated } from './hostile.ts';
import * as sample from './samples.ts';
import { wireCase } from './wireTarget.ts';

import type { Target } from './target.ts';
import { assertFenced, shownTargets } from './shownTargets.ts';
import { messageJson, townTargets } from './townTargets.ts';

// oxlint-disable-next-line no-control-regex -- what must not be shown
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** What a window would keep: hostile events must not make it grow for ever. */
let view: AgentView = emptyView('persistent');
const transcript = new OutputText((text, ...values) =>
  text.replace(/\{(\d)\}/g, (_, place) => String(values[Number(place)])),
);

function waiting(random: Random): WaitingMessage[] {
  return Array.from({ length: random.whole(0, 12) }, () => messageJson(random)).flatMap((raw): WaitingMessage[] => {
    const decoded = decodeMessage(raw);
    if (!decoded.ok) return [];
    return [{ message: decoded.value, list: random.chance(0.3) ? 'urgent' : 'inbox', raw: Buffer.from(raw) }];
  });
}

function taskOf(random: Random): TaskRecord {
  const task = decodeTask(sample.taskHash);
  assert.ok(task.ok);
  return { ...task.value, description: hostileText(random), tags: [hostileText(random)] };
}

function seeEvents(method: string, params: unknown): void {
  const heard = decodeNotification(method, params);
  if (!heard) return;
  for (const event of toRuntimeEvents(heard, false)) {
    view = reduceView(view, event, 1);
    transcript.handle(event, 1);
  }
  assert.ok(view.pastTurns.length <= PAST_TURNS && view.withdrawn.length <= WITHDRAWN);
}

/** Tools whose arguments pass act on this: it says so, and does nothing. */
class Acted extends Error {}
const nowhere = new Proxy({}, { get: () => () => Promise.reject(new Acted()) });
// No case may get an answer from a store.
const noTown = z.custom<ToolTown>().parse({
  name: 'town',
  agents: nowhere,
  tasks: nowhere,
  inbox: nowhere,
  activity: nowhere,
});
const context: ToolContext = { town: noTown, self: { id: sample.agentHash.id, name: 'backend' } };

export const targets: readonly Target[] = [
  ...townTargets,
  ...shownTargets,
  {
    name: 'notification',
    weight: 20,
    run(random) {
      const { method, params } = random.pick(sample.notifications);
      seeEvents(random.chance(0.02) ? hostileText(random) : method, mutated(random, params));
      if (random.chance(0.05)) {
        const text = transcript.take();
        assert.ok(text.length <= 300 * 1024, 'the transcript is bounded');
        assert.ok(!controls.test(text), 'nothing in the transcript can drive a terminal');
      }
    },
  },
  {
    name: 'request',
    weight: 10,
    run(random) {
      const { method, params } = random.pick(sample.serverRequests);
      const spoilt = mutated(random, params);
      if (isServerRequest(method)) readRequest(random.whole(0, 9), method, spoilt);
      const asked = decodeAsked(method, spoilt);
      if (!asked) return;
      const pending = { id: 'p', threadId: 't', turnId: 'u', itemId: 'i', asked };
      const request = toAgentRequest(pending, { changes: [], subAgent: null, now: 1 });
      assert.ok(
        request.choices.some(({ id }) => id === 'decline'),
        'one can always decline',
      );
      for (const { id } of request.choices) {
        assert.equal(answerProblem(request, { choice: id }), undefined);
        JSON.stringify(toServerAnswer(pending, { choice: id }));
      }
      const form = Object.fromEntries([[hostileText(random), hostileValue(random)]]);
      if (answerProblem(request, { form }) === undefined) JSON.stringify(toServerAnswer(pending, { form }));
      const answers = Object.fromEntries([[hostileText(random), [hostileText(random)]]]);
      if (answerProblem(request, { answers }) === undefined) JSON.stringify(toServerAnswer(pending, { answers }));
    },
  },
  {
    name: 'model output',
    weight: 8,
    run(random) {
      const { events } = readExecEvent('u', '/', mutated(random, random.pick(sample.execLines)));
      for (const event of events) view = reduceView(view, event, 1);
      const answer = new TextAnswer('u');
      const bytes = Buffer.from(hostileText(random));
      const cut = random.whole(0, bytes.length);
      const said = [...answer.take(bytes.subarray(0, cut)), ...answer.take(bytes.subarray(cut)), ...answer.end()];
      const deltas = said.flatMap((event) => (event.type === 'itemDelta' ? [event.delta] : []));
      assert.equal(deltas.join(''), bytes.toString(), 'characters that were split arrive whole');
    },
  },
  {
    name: 'tool arguments',
    weight: 6,
    async run(random) {
      const operation = random.pick(catalogue);
      const args = mutated(random, random.pick(sample.toolArguments));
      try {
        await operation.run(context, args);
        assert.fail('it cannot have been done');
      } catch (error) {
        if (error instanceof Acted) return;
        if (!(error instanceof TinytownError)) throw error;
        assert.ok(error.message.length < 2_000);
      }
    },
  },
  {
    name: 'command line',
    weight: 6,
    run(random) {
      const words = random.pick(sample.commandLines).map((word) => (random.chance(0.3) ? hostileText(random) : word));
      if (random.chance(0.3)) words.splice(random.whole(0, words.length), 0, hostileText(random));
      readCommandLine(words);
    },
  },
  {
    name: 'prompt',
    weight: 3,
    run(random) {
      const agent = decodeAgent(sample.agentHash);
      assert.ok(agent.ok);
      const messages = waiting(random);
      const continued = new Set(messages.filter(() => random.chance(0.2)).map(({ message }) => message.id));
      const persons = new Set(messages.filter(() => random.chance(0.5)));
      const town = hostileText(random);
      const name = hostileText(random);
      const role = roleOf(agent.value);
      const start = { town, name: random.chance(0.5) ? name : hostileText(random), role, access: 'tools' as const };
      const whole = random.chance(0.3);
      const common = {
        messages,
        persons,
        continued,
        town,
        agent: { ...agent.value, name },
        role,
        known: whole ? undefined : random.chance(0.2) ? {} : knownAtStart(start),
        access: random.pick(['tools', 'command', 'none'] as const),
        task: () => (random.chance(0.5) ? taskOf(random) : undefined),
        nameOf: () => hostileText(random),
      };
      const total = random.whole(0, 3);
      const matching = random.chance(0.5) ? [taskOf(random)] : [];
      const prompt = roundPrompt({
        ...common,
        backlog: { total, matching, isNew: random.chance(0.5) },
        round: 1,
        maxRounds: random.whole(0, 1),
      });
      const steer = steerPrompt(common);
      for (const { message } of messages) {
        if (message.type !== 'query' || continued.has(message.id)) continue;
        assert.ok(steer.includes(message.question), 'a steer holds its messages in full');
      }
      if (whole) assert.match(prompt, /\n## How to work\n/);
      for (const text of [prompt, steer]) {
        const [only] = messages;
        const plain =
          !whole && messages.length === 1 && only && persons.has(only) && bodyText(common.task, only.message);
        if (plain !== text) assertFenced(text);
      }
    },
  },
  {
    name: 'decision',
    weight: 6,
    run(random) {
      const all = waiting(random);
      const action = decide({
        state: random.pick(agentStates),
        stopRequested: random.chance(0.2),
        runtime: random.pick(['none', 'persistent', 'one-shot']),
        wantedMode: random.pick(['persistent', 'one-shot']),
        outdated: random.chance(0.1),
        turn: random.pick(['none', 'running', 'ending']),
        steerable: random.chance(0.7),
        waiting: inOrder(
          all.filter(({ list }) => list === 'urgent'),
          all.filter(({ list }) => list === 'inbox'),
        ),
        leftWaiting: new Set(),
        unfinished: random.chance(0.2),
        backlog: {
          allowed: random.chance(0.5),
          isNew: random.chance(0.5),
          changedAt: random.whole(0, 10),
          quietMs: random.whole(0, 10),
          notBefore: random.whole(0, 10),
        },
        held: random.chance(0.1),
        unconfirmed: random.chance(0.1),
        room: random.chance(0.8),
        roomWanted: random.chance(0.1),
        notBefore: random.whole(0, 10),
        now: random.whole(0, 10),
        idleSince: random.whole(0, 10),
        idleTimeoutMs: random.whole(0, 10),
        rounds: random.whole(0, 5),
        maxRounds: random.whole(0, 5),
      });
      assert.equal(typeof action.do, 'string');
    },
  },
  {
    name: 'shown text',
    weight: 4,
    run(random) {
      const text = hostileText(random) + hostileText(random);
      const line = oneLine(text, 50);
      assert.ok(line.length <= 50 && !controls.test(line) && !line.includes('\n'));
      assert.ok(!controls.test(stripControls(text).replaceAll('\r', '')));
    },
  },
  { name: 'wire', weight: 0.05, run: wireCase },
];

export function pickTarget(random: Random, among: readonly Target[]): Target {
  let left = random.next() * among.reduce((sum, { weight }) => sum + weight, 0);
  for (const target of among) {
    left -= target.weight;
    if (left < 0) return target;
  }
  return random.pick(among);
}
