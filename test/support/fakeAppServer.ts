#!/usr/bin/env node
/**
 * An app-server for cases that the real one cannot be made to produce: silence, garbage, floods, unknown requests, late replies.
 * It is started in place of codex. The environment variable FAKE_MODE selects what it does.
 */
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';

const mode = process.env['FAKE_MODE'] ?? '';
const threadId = 'fake-thread';
const incoming = z.looseObject({
  id: z.optional(z.union([z.number(), z.string()])),
  method: z.optional(z.string()),
  params: z.optional(z.looseObject({ clientUserMessageId: z.optional(z.string()), threadId: z.optional(z.string()) })),
});
type Incoming = z.infer<typeof incoming>;

let turns = 0;
let overloaded = 0;

function send(message: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function notify(method: string, params: Record<string, unknown>): void {
  send({ method, params: { threadId, ...params } });
}

function turn(id: string, status = 'inProgress') {
  return { id, status, error: null, items: [] };
}

function say(turnId: string, text: string): void {
  notify('item/completed', { turnId, item: { type: 'agentMessage', id: `m-${turnId}-${text.length}`, text } });
}

/** Every server request of the protocol with minimal parameters, and one that the protocol does not have. */
const requests: [string, Record<string, unknown>][] = [
  ['item/commandExecution/requestApproval', { itemId: 'i', command: 'rm -rf /' }],
  ['item/fileChange/requestApproval', { itemId: 'i' }],
  ['item/permissions/requestApproval', { itemId: 'i', cwd: '/', reason: null, permissions: {} }],
  ['item/tool/requestUserInput', { itemId: 'i', questions: [{ id: 'q', question: 'Which?' }] }],
  ['mcpServer/elicitation/request', { serverName: 's', mode: 'form', message: 'Tell me', requestedSchema: {} }],
  ['item/tool/call', { callId: 'c', tool: 't', arguments: {} }],
  ['account/chatgptAuthTokens/refresh', { reason: 'unauthorized' }],
  ['attestation/generate', {}],
  ['currentTime/read', {}],
  ['applyPatchApproval', { conversationId: threadId, callId: 'c', fileChanges: {} }],
  ['execCommandApproval', { conversationId: threadId, callId: 'c', command: ['ls'], cwd: '/' }],
  ['no/such/request', {}],
];
const answers: unknown[] = [];

function startTurn(request: Incoming): void {
  if (mode === 'silent') return;
  if (mode === 'overloaded' && overloaded < 2) {
    overloaded += 1;
    send({ id: request.id, error: { code: -32001, message: 'Server overloaded; retry later.' } });
    return;
  }
  turns += 1;
  const id = `turn-${turns}`;
  const reply = (): void => send({ id: request.id, result: { turn: turn(id) } });
  if (mode !== 'lateReply') reply();
  if (mode === 'neverStarts') return;
  notify('turn/started', { turn: turn(id) });
  const clientId = request.params?.clientUserMessageId ?? null;
  notify('item/completed', { turnId: id, item: { type: 'userMessage', id: `u-${id}`, clientId, content: [] } });
  if (mode === 'requests') {
    requests.forEach(([method, params], index) =>
      send({ id: index, method, params: { threadId, turnId: id, ...params } }),
    );
    return;
  }
  if (mode === 'changesItsMind') {
    send({ id: 'ask', method: requests[0]?.[0], params: { threadId, turnId: id, ...requests[0]?.[1] } });
    notify('serverRequest/resolved', { requestId: 'ask' });
    send({ id: 'odd', method: 'item/tool/requestUserInput', params: { threadId, turnId: id, questions: 'none' } });
    return;
  }
  if (mode === 'leftovers') notify('turn/started', { threadId: 'a-sub-agent', turn: turn('their-turn') });
  if (mode === 'deaf' || mode === 'leftovers') return;
  if (mode === 'flood') flood(id);
  if (mode === 'strangers') strangers();
  say(id, 'done');
  notify('turn/completed', { turn: turn(id, 'completed') });
  if (mode === 'lateReply') reply();
}

function flood(turnId: string): void {
  const count = Number(process.env['FAKE_COUNT'] ?? '1000');
  const line = JSON.stringify({
    method: 'item/agentMessage/delta',
    params: { threadId, turnId, itemId: 'm', delta: 'a word of it ' },
  });
  const block = `${line}\n`.repeat(1000);
  for (let sent = 0; sent < count; sent += 1000) process.stdout.write(block);
}

/** Notifications about other threads, and some that no version has. */
function strangers(): void {
  const other = { threadId: 'a-sub-agent' };
  notify('turn/started', { ...other, turn: turn('their-turn') });
  notify('item/completed', { ...other, turnId: 'their-turn', item: { type: 'agentMessage', id: 'x', text: 'theirs' } });
  notify('turn/completed', { ...other, turn: turn('their-turn', 'completed') });
  notify('some/new/thing', { turnId: 'turn-1' });
  notify('item/completed', { turnId: 'turn-1', item: { type: 'hologram', id: 'h' } });
}

function handle(message: Incoming): void {
  const { id, method } = message;
  if (method === undefined) {
    answers.push(message);
    if (answers.length < (mode === 'requests' ? requests.length : 2)) return;
    say(`turn-${turns}`, JSON.stringify(answers));
    notify('turn/completed', { turn: turn(`turn-${turns}`, 'completed') });
    return;
  }
  switch (method) {
    case 'initialize':
      if (mode === 'garbage') process.stdout.write('{"method":\n\n[1]\nnull\nnot json at all\n{"neither":1}\n');
      if (mode === 'exits') process.exit(4);
      send({ id, result: { userAgent: 'tinytown-vscode/9.9.9 (Fake)' } });
      return;
    case 'config/read':
      send({ id, result: { config: {}, origins: {} } });
      return;
    case 'thread/start':
    case 'thread/resume':
      if (method === 'thread/resume' && message.params?.excludeTurns !== true) {
        send({ id, error: { code: -32600, message: 'All of it?' } });
        return;
      }
      send({ id, result: { thread: { id: threadId }, model: 'fake' } });
      if (mode === 'unasked') {
        notify('turn/started', { turn: turn('unasked') });
        notify('turn/completed', { turn: turn('unasked', 'completed') });
      }
      return;
    case 'turn/start':
      startTurn(message);
      return;
    case 'turn/interrupt':
      if (mode !== 'leftovers' || message.params?.threadId !== threadId) return;
      send({ id, result: {} });
      notify('turn/completed', { turn: turn(`turn-${turns}`, 'interrupted') });
      return;
    case 'thread/backgroundTerminals/clean':
      send({ id, result: {} });
      return;
    case 'thread/backgroundTerminals/list':
      send({ id, result: { data: [{ command: 'sleep 1' }], nextCursor: null } });
      return;
    case 'turn/steer':
      if (mode === 'deaf') return;
      send({ id, error: { code: -32600, message: 'no active turn to steer' } });
      return;
    default:
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => handle(incoming.parse(JSON.parse(line))))
  .on('close', () => process.exit(0));
