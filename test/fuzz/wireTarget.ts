/** An app-server that says anything: cut into any pieces, in any order, at any time. What waits for it must not wait for ever. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { CodexConnection } from '../../src/codex/connection.ts';
import { NdjsonReader, NdjsonWriter } from '../../src/codex/ndjson.ts';
import { askPeople } from '../../src/codex/askPeople.ts';
import { isServerRequest } from '../../src/codex/serverRequests.ts';
import { PendingRequests } from '../../src/codex/pendingRequests.ts';
import { CodexSession } from '../../src/codex/session.ts';
import type { TransportEnd } from '../../src/codex/transport.ts';
import { within } from '../../src/util/boundedWait.ts';
import { Emitter } from '../../src/util/event.ts';
import { silentLogger } from '../../src/util/logger.ts';
import type { Random } from '../support/random.ts';
import { hostileText, hostileValue, mutated, mutatedText } from './hostile.ts';
import { notifications, serverRequests } from './samples.ts';

const limits = { startMs: 20, steerMs: 20, interruptMs: 20 };

export async function wireCase(random: Random): Promise<void> {
  const toUs = new PassThrough();
  const fromUs = new PassThrough();
  const answered: unknown[] = [];
  new NdjsonReader(fromUs).listen((message) => {
    if (!('method' in message) && 'id' in message) answered.push(message.id);
  });
  const hungUp = new Emitter<TransportEnd>();
  const closed = new Promise<TransportEnd>((resolve) => hungUp.event(resolve));
  const reader = new NdjsonReader(toUs);
  const transport = {
    generation: 1,
    startsCommand: () => undefined,
    pid: undefined,
    reader,
    writer: new NdjsonWriter(fromUs),
    closed,
    close: () => closed,
  };
  const requests = new PendingRequests();
  const connection = new CodexConnection(transport, {
    logger: silentLogger,
    handlers: askPeople(requests, () => undefined),
    onNotification: (method, params) => session.receive(method, params),
  });
  const session = new CodexSession(connection, requests, limits, silentLogger);
  const waits = act(random, session);

  const asked: unknown[] = [];
  const lines = Array.from({ length: random.whole(1, 40) }, () => line(random, asked));
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  for (let at = 0; at < bytes.length;) {
    const size = random.chance(0.5) ? random.whole(1, 20) : random.whole(1, 4_000);
    toUs.write(bytes.subarray(at, at + size));
    at += size;
    if (random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve));
  }
  toUs.end();
  await within(reader.drained, 5_000, 'The reader');
  // Nobody answers.
  requests.dispose();
  // Answers are written in turns of the event loop.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  for (const id of asked) {
    const count = answered.filter((one) => one === id).length;
    assert.equal(count, asked.filter((one) => one === id).length, `the request ${String(id)} has its answer`);
  }
  hungUp.fire({ code: 0, signal: null, stderrTail: '' });
  await within(Promise.allSettled(waits), 5_000, 'Everything that waited');
}

/** What a loop would be asking at the same time. */
function act(random: Random, session: CodexSession): Promise<unknown>[] {
  const waits: Promise<unknown>[] = [];
  const also = (wait: Promise<unknown>): void => {
    waits.push(wait.catch(() => undefined));
  };
  if (random.chance(0.8)) also(session.startThread({}));
  if (random.chance(0.3)) also(session.resumeThread('t', { cwd: '/' }));
  if (random.chance(0.5)) also(Promise.resolve().then(() => session.startTurn({ text: 'x', clientId: 'c' })));
  if (random.chance(0.5)) also(Promise.resolve().then(() => session.steer({ text: 'x', clientId: 'd' })));
  if (random.chance(0.3)) also(Promise.resolve().then(() => session.interrupt()));
  return waits;
}

function line(random: Random, asked: unknown[]): string {
  const kind = random.whole(0, 9);
  if (kind <= 2) return JSON.stringify(random.pick(notifications));
  if (kind === 3) return JSON.stringify(mutated(random, random.pick(notifications))) ?? '';
  if (kind === 4) return mutatedText(random, JSON.stringify(random.pick(notifications))).replaceAll('\n', ' ');
  if (kind === 5) return hostileText(random).replaceAll('\n', ' ');
  if (kind <= 7) {
    const result = random.chance(0.5)
      ? { thread: { id: 't' }, turn: { id: 'u', status: 'inProgress' } }
      : hostileValue(random);
    const id = random.chance(0.8) ? random.whole(0, 5) : hostileValue(random, 0);
    return JSON.stringify(
      random.chance(0.7) ? { id, result } : { id, error: mutated(random, { code: -32600, message: 'no' }) },
    );
  }
  const { method, params } = random.pick(serverRequests);
  // Numbers that are ours too, and texts.
  const id = random.chance(0.5) ? 100 + asked.length : `s${asked.length}`;
  if (isServerRequest(method) || method === 'no/such/request') asked.push(id);
  return JSON.stringify({ id, method, params: mutated(random, params) });
}
