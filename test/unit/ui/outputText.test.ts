/** The transcript: a golden one, and what floods and terminal sequences do to it. */
import assert from 'node:assert/strict';
import type { RuntimeEvent } from '../../../src/runtime/codingAgent.ts';
import { StreamCleaner, OutputText } from '../../../src/ui/agents/outputText.ts';
import { english } from './support.ts';

const start = new Date(2026, 0, 2, 3, 4, 5).getTime();

/** The text of `events`, which come a second apart. */
function transcribe(events: readonly RuntimeEvent[], limit?: number): string {
  const transcript = new OutputText(english, limit);
  for (const [index, event] of events.entries()) transcript.handle(event, start + index * 1000);
  return transcript.take();
}

const output = (itemId: string, delta: string): RuntimeEvent => ({
  type: 'itemDelta',
  turnId: 't',
  itemId,
  kind: 'output',
  delta,
});
const text = (itemId: string, delta: string): RuntimeEvent => ({
  type: 'itemDelta',
  turnId: 't',
  itemId,
  kind: 'text',
  delta,
});
const command = { id: 'c', kind: 'command', command: 'make', cwd: '/w', output: 'all\r\ngood\r\n' } as const;

describe('the transcript', () => {
  it('tells a turn from its start to its end', () => {
    const events: RuntimeEvent[] = [
      { type: 'sessionReady', threadId: 'th', resumed: true, model: 'gpt', reasoningEffort: null, version: '0.169.0' },
      { type: 'turnStarted', turnId: 't', adopted: false },
      {
        type: 'itemCompleted',
        turnId: 't',
        item: { id: 'u', status: 'completed', kind: 'userMessage', text: 'Do\nit', clientId: 'b' },
      },
      { type: 'itemStarted', turnId: 't', item: { id: 'a', status: 'running', kind: 'agentMessage', text: '' } },
      text('a', 'I '),
      text('a', 'will.'),
      {
        type: 'itemCompleted',
        turnId: 't',
        item: { id: 'a', status: 'completed', kind: 'agentMessage', text: 'I will.' },
      },
      {
        type: 'itemStarted',
        turnId: 't',
        item: { ...command, status: 'running', output: '', exitCode: null, durationMs: null },
      },
      output('c', 'all\r'),
      output('c', '\ngood\r\n'),
      { type: 'itemCompleted', turnId: 't', item: { ...command, status: 'completed', exitCode: 0, durationMs: 1500 } },
      {
        type: 'itemCompleted',
        turnId: 't',
        item: {
          id: 'f',
          status: 'completed',
          kind: 'fileChange',
          changes: [{ path: 'a.ts', change: 'add', diff: '' }],
        },
      },
      { type: 'runtimeError', message: 'overloaded', willRetry: true },
      { type: 'requestDeclined', turnId: 't', method: 'item/x', detail: 'rm -rf' },
      { type: 'turnCompleted', turnId: 't', outcome: { status: 'completed' } },
      { type: 'exited', reason: 'crashed', code: 3, signal: null, stderrTail: 'oh\nno\n' },
    ];
    assert.equal(
      transcribe(events),
      `03:04:05 Session resumed: gpt, codex 0.169.0, th
── 03:04:06 Turn started ──
03:04:07 Sent to the agent:
  │ Do
  │ it
I will.
03:04:12 $ make
  all
  good
03:04:15 exit 0 · 1.5 s
03:04:16 Added a.ts
03:04:17 Error, retrying: overloaded
03:04:18 Declined: rm -rf (item/x)
── 03:04:19 Turn completed · 13 s ──
03:04:20 Process died (exit 3)
  │ oh
  │ no
`,
    );
  });

  it('shows what came without deltas, once', () => {
    const shown = transcribe([
      {
        type: 'itemCompleted',
        turnId: 't',
        item: { id: 'a', status: 'completed', kind: 'agentMessage', text: 'Whole.' },
      },
      { type: 'itemCompleted', turnId: 't', item: { ...command, status: 'failed', exitCode: 2, durationMs: null } },
    ]);
    assert.equal(shown, 'Whole.\n03:04:06 $ make\n  all\n  good\n03:04:06 exit 2\n');
  });

  it('cuts a flood of one item, and says so', () => {
    const flood = Array.from({ length: 100 }, () => output('c', 'x'.repeat(1000)));
    const shown = transcribe([...flood, text('a', 'After it.')]);
    assert.ok(shown.length < 40_000);
    assert.match(shown, /the rest is omitted …\nAfter it\.$/);
    assert.equal(shown.split('the rest is omitted').length, 2);
  });

  it('keeps a bounded amount for whoever looks later, the newest', () => {
    const events = Array.from({ length: 200 }, (_none, index) => text(`a${index}`, `line ${index}`));
    const shown = transcribe(events, 500);
    assert.ok(shown.length <= 540);
    assert.match(shown, /^… earlier text omitted …\nline/);
    assert.match(shown, /line 199$/);
  });

  it('lets no terminal sequence through, wherever it is cut', () => {
    const evil = 'a\u001b[31;1mb\u001b]0;title\u0007c\u001b[2Jd\re';
    for (let cut = 0; cut <= evil.length; cut += 1) {
      const cleaner = new StreamCleaner();
      const clean = cleaner.clean(evil.slice(0, cut)) + cleaner.clean(evil.slice(cut));
      assert.equal(clean, 'abcd\ne', `cut at ${cut}`);
    }
  });
});
