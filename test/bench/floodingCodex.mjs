#!/usr/bin/env node
/**
 * An app-server with heavy output, for rows that measure our handling without the real one's work. The text of a turn says what
 * it does: `flood COUNT ITEMS SIZE` (COUNT deltas of SIZE characters over ITEMS items, as fast as the pipe takes them),
 * `drip COUNT MS` (COUNT deltas spread over MS milliseconds), otherwise an ordinary small turn.
 */
import { createInterface } from 'node:readline';

if (process.argv.includes('--version')) {
  process.stdout.write('codex-cli 0.169.0\n');
  process.exit(0);
}

const threadId = `flooding-${process.pid}`;
let turns = 0;

const line = (message) => `${JSON.stringify(message)}\n`;
const note = (method, params) => line({ method, params: { threadId, ...params } });
const delta = (turnId, itemId, text) => note('item/agentMessage/delta', { turnId, itemId, delta: text });
const message = (id, text) => ({ type: 'agentMessage', id, text });
const turn = (id, status) => ({ id, status, error: null, items: [] });
const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));

async function runTurn(turnId, text, clientId) {
  const user = { type: 'userMessage', id: `${turnId}-u`, clientId, content: [{ type: 'text', text }] };
  await write(
    note('turn/started', { turn: turn(turnId, 'inProgress') }) + note('item/completed', { turnId, item: user }),
  );
  const [, kind = '', count = '0', second = '0', size = '1'] = /(flood|drip) (\d+) (\d+)(?: (\d+))?/.exec(text) ?? [];
  if (kind === 'flood') await flood(turnId, Number(count), Number(second), Number(size));
  else if (kind === 'drip') await drip(turnId, Number(count), Number(second));
  else await write(smallTurn(turnId));
  await write(note('turn/completed', { turn: turn(turnId, 'completed') }));
}

async function flood(turnId, count, items, size) {
  const each = count / items;
  for (let place = 0; place < items; place += 1) {
    const id = `${turnId}-${place}`;
    await write(note('item/started', { turnId, item: message(id, '') }));
    const block = delta(turnId, id, 'x'.repeat(size)).repeat(each);
    await write(block);
    await write(note('item/completed', { turnId, item: message(id, 'x'.repeat(size * each)) }));
  }
}

async function drip(turnId, count, milliseconds) {
  const id = `${turnId}-0`;
  await write(note('item/started', { turnId, item: message(id, '') }));
  const start = performance.now();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / milliseconds) * count));
    if (due > sent) await write(delta(turnId, id, 'word ').repeat(due - sent));
    sent = Math.max(sent, due);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await write(note('item/completed', { turnId, item: message(id, 'word '.repeat(count)) }));
}

/** A command with 2,000 characters of output, and an answer in twenty pieces. */
function smallTurn(turnId) {
  const command = { type: 'commandExecution', id: `${turnId}-c`, command: 'make', cwd: '/', status: 'inProgress' };
  const done = { ...command, status: 'completed', aggregatedOutput: 'out\n'.repeat(500), exitCode: 0, durationMs: 5 };
  const id = `${turnId}-m`;
  return (
    note('item/started', { turnId, item: command }) +
    note('item/completed', { turnId, item: done }) +
    note('item/started', { turnId, item: message(id, '') }) +
    Array.from({ length: 20 }, () => delta(turnId, id, 'some words of it ')).join('') +
    note('item/completed', { turnId, item: message(id, 'some words of it '.repeat(20)) }) +
    note('thread/tokenUsage/updated', {
      turnId,
      tokenUsage: { total: { totalTokens: 120 }, last: { totalTokens: 100 }, modelContextWindow: 200_000 },
    })
  );
}

function handle({ id, method, params }) {
  const answer = (result) => process.stdout.write(line({ id, result }));
  switch (method) {
    case 'initialize':
      return answer({ userAgent: 'tinytown-vscode/0.169.0 (flooding)' });
    case 'config/read':
      return answer({ config: {}, origins: {} });
    case 'thread/start':
      return answer({ thread: { id: threadId }, model: 'flooding' });
    case 'thread/resume':
      return answer({ thread: { id: params.threadId }, model: 'flooding' });
    case 'thread/turns/list':
      return answer({ data: [], nextCursor: null });
    case 'turn/start': {
      turns += 1;
      const turnId = `turn-${turns}`;
      answer({ turn: turn(turnId, 'inProgress') });
      return void runTurn(turnId, params.input[0].text, params.clientUserMessageId);
    }
    default:
      if (id !== undefined) answer({});
  }
}

createInterface({ input: process.stdin })
  .on('line', (text) => handle(JSON.parse(text)))
  .on('close', () => process.exit(0));
