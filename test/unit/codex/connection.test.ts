import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { CodexConnection } from '../../../src/codex/connection.ts';
import { threadStart } from '../../../src/codex/methods.ts';
import { NdjsonReader, NdjsonWriter } from '../../../src/codex/ndjson.ts';
import { declineAll } from '../../../src/codex/serverRequests.ts';
import type { TransportEnd } from '../../../src/codex/transport.ts';
import { silentLogger } from '../../../src/util/logger.ts';
import { eventually } from '../../support/eventually.ts';

const end: TransportEnd = { code: 0, signal: null, stderrTail: '' };

/** A connection whose other side is in the test's hands. */
function open() {
  const toUs = new PassThrough();
  const fromUs = new PassThrough();
  const sent: { id?: number; method?: string; error?: { code: number }; result?: unknown }[] = [];
  new NdjsonReader(fromUs).listen((message) => sent.push(message as (typeof sent)[number]));
  let hangUp: ((value: TransportEnd) => void) | undefined;
  const closed = new Promise<TransportEnd>((resolve) => {
    hangUp = resolve;
  });
  const transport = {
    generation: 1,
    startsCommand: () => undefined,
    pid: undefined,
    reader: new NdjsonReader(toUs),
    writer: new NdjsonWriter(fromUs),
    closed,
    close: () => closed,
  };
  const logger = silentLogger;
  const heard: string[] = [];
  const onNotification = (method: string): unknown => heard.push(method);
  const connection = new CodexConnection(transport, { logger, handlers: declineAll, onNotification });
  const say = (message: unknown): unknown => toUs.write(`${JSON.stringify(message)}\n`);
  return { connection, sent, heard, say, fromUs, hangUp: () => hangUp?.(end) };
}

describe('a connection to an app-server', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): unknown => unhandled.push(reason);

  before(() => process.on('unhandledRejection', note));
  after(() => process.off('unhandledRejection', note));
  afterEach(() => assert.deepEqual(unhandled.splice(0), []));

  it('rejects what waits for an answer when the other side goes', async () => {
    const { connection, hangUp } = open();
    const request = connection.request(threadStart, {}, 60_000);
    hangUp();
    await assert.rejects(request, { reason: 'notRunning' });
    await assert.rejects(connection.request(threadStart, {}, 60_000), { reason: 'notRunning' });
  });

  it('hears nothing of one that has gone, whatever still comes', async () => {
    const { connection, heard, say, hangUp } = open();
    say({ method: 'turn/started', params: {} });
    await eventually(() => heard.length === 1);
    hangUp();
    await connection.closed;
    say({ method: 'turn/completed', params: {} });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, ['turn/started']);
  });

  it('gives up a request that is never answered', async () => {
    await assert.rejects(open().connection.request(threadStart, {}, 20), { reason: 'unresponsive' });
  });

  it('rejects an answer that is not what it should be', async () => {
    const { connection, sent, say } = open();
    const request = connection.request(threadStart, {}, 5_000);
    const { id } = await eventually(() => sent[0]);
    say({ id, result: { thread: 'none' } });
    await assert.rejects(request, { reason: 'refused', message: /an unexpected reply to thread\/start/ });
  });

  for (const [message, reason] of [
    ['no active turn to steer', 'turnGone'],
    ['no active turn to interrupt', 'turnGone'],
    ['expected active turn id `a` but found `b`', 'turnGone'],
    ['no rollout found for thread id x', 'threadLost'],
    ['invalid session id: y', 'threadLost'],
    ['failed to read thread: failed to read session metadata /h/r.jsonl: rollout at /h/r.jsonl is empty', 'threadLost'],
    ['thread x already has an active writer', 'threadBusy'],
    ['something else', 'refused'],
  ]) {
    it(`makes "${message}" the reason ${reason}`, async () => {
      const { connection, sent, say } = open();
      const request = connection.request(threadStart, {}, 5_000);
      const { id } = await eventually(() => sent[0]);
      say({ id, error: { code: -32600, message } });
      await assert.rejects(request, { reason });
    });
  }

  it('tells by its data that a turn cannot be steered', async () => {
    const { connection, sent, say } = open();
    const request = connection.request(threadStart, {}, 5_000);
    const { id } = await eventually(() => sent[0]);
    const data = { message: 'x', codexErrorInfo: { activeTurnNotSteerable: { turnKind: 'review' } } };
    say({ id, error: { code: -32600, message: 'x', data } });
    await assert.rejects(request, { reason: 'notSteerable' });
  });

  it('answers a request whose id is one of ours, and takes the answer to ours', async () => {
    const { connection, sent, say } = open();
    const request = connection.request(threadStart, {}, 5_000);
    await eventually(() => sent[0]);
    say({ id: 0, method: 'item/fileChange/requestApproval', params: { threadId: 't' } });
    const answer = await eventually(() => sent[1]);
    assert.deepEqual(answer, { id: 0, result: { decision: 'decline' } });
    say({ id: 0, result: { thread: { id: 't' } } });
    assert.deepEqual(await request, { thread: { id: 't' } });
  });

  it('makes no unhandled rejection of an answer that cannot be written', async () => {
    const { say, fromUs, hangUp, connection } = open();
    fromUs.destroy(new Error('EPIPE'));
    say({ id: 'a', method: 'item/fileChange/requestApproval', params: {} });
    say({ id: 'b', method: 'unknown' });
    await assert.rejects(connection.request(threadStart, {}, 5_000), { reason: 'notRunning' });
    hangUp();
    await connection.closed;
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('survives a cancellation without parameters', async () => {
    const { connection, sent, say } = open();
    say({ method: '$/cancelRequest' });
    const request = connection.request(threadStart, {}, 5_000);
    const { id } = await eventually(() => sent[0]);
    say({ id, result: { thread: { id: 't' } } });
    await request;
  });
});
