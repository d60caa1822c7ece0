/** The whole conversation as a document: a golden one, its folds and links, and what is worked out again when a turn runs. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TurnItem } from '../../../src/runtime/turnItem.ts';
import {
  type TranscriptContent,
  type TranscriptTurn,
  transcriptMarkdown,
} from '../../../src/ui/history/transcriptMarkdown.ts';
import { english } from './support.ts';

const startedAt = new Date(2026, 0, 2, 3, 4, 5).getTime();
const folder = path.resolve('/work/town');
const done = { status: 'completed' } as const;

function turn(id: string, items: readonly TurnItem[], more: Partial<TranscriptTurn> = {}): TranscriptTurn {
  return { id, startedAt, endedAt: startedAt + 75_000, outcome: { status: 'completed' }, items, ...more };
}

function render(content: Partial<TranscriptContent>) {
  const whole = { title: 'scout', notes: [], turns: [], running: undefined, ...content };
  return transcriptMarkdown(whole, { folder, t: english });
}

const prompt: TurnItem = { ...done, id: 'u', kind: 'userMessage', text: 'Do it.\n```\n# now\n```', clientId: 'b' };
const command = { ...done, id: 'c', kind: 'command', cwd: folder, exitCode: 0, durationMs: 420 } as const;

const story: TranscriptContent = {
  title: 'scout',
  notes: ['Older turns are being read.'],
  turns: [
    turn('t1', [
      prompt,
      { ...done, id: 'r', kind: 'reasoning', text: 'I **wonder**\nwhat <b>to</b> do' },
      { ...done, id: 'm', kind: 'agentMessage', text: 'I look.\n\n# Not a heading\n\n```ts\nconst a = 1 < 2;\n```' },
      { ...command, command: 'ls -a', output: '.\n..\n' },
      { ...command, id: 'c2', command: 'cat <<EOF\nx\nEOF', output: 'x', exitCode: 1, durationMs: null },
      { ...command, id: 'c3', command: 'true', output: '' },
      {
        ...done,
        id: 'f',
        kind: 'fileChange',
        changes: [
          { path: path.join(folder, 'a.txt'), change: 'update', diff: '@@ -1 +1 @@\n-x\n+y\n' },
          { path: path.join(folder, 'b.txt'), change: 'add', diff: 'one\ntwo\n' },
          { path: '/elsewhere/c.txt', change: 'delete', diff: 'gone' },
          { path: 'd.txt', change: 'update', movedTo: path.join(folder, 'sub', 'e.txt'), diff: '' },
        ],
      },
      { id: 'f2', kind: 'fileChange', status: 'declined', changes: [{ path: 'no.txt', change: 'add', diff: 'no' }] },
    ]),
    turn('t2', [prompt], { outcome: { status: 'failed', message: 'No <quota>.', trouble: 'retry' } }),
    turn('t3', [prompt], { outcome: undefined, startedAt: undefined, endedAt: undefined }),
  ],
  running: turn(
    't4',
    [
      prompt,
      { id: 'm1', status: 'running', kind: 'agentMessage', text: 'Half a sen' },
      { ...done, id: 'u2', kind: 'userMessage', text: 'Faster', clientId: 's1' },
      { ...done, id: 'tool', kind: 'toolCall', server: 'tinytown', tool: 'send', arguments: '{"a":1}', result: 'ok' },
      { ...done, id: 'w', kind: 'webSearch', query: 'how to `count`' },
      { ...done, id: 'a', kind: 'subAgent', text: 'spawn: [look](command:x)' },
      { ...done, id: 'o', kind: 'other', type: 'contextCompaction' },
      { ...command, id: 'c4', status: 'running', command: 'sleep 9', output: '', exitCode: null, durationMs: null },
    ],
    {
      endedAt: undefined,
      outcome: undefined,
      plan: [
        { step: 'Look', status: 'completed' },
        { step: 'Count', status: 'inProgress' },
        { step: 'Tell', status: 'pending' },
      ],
      steers: [
        { clientId: 's1', text: 'Faster', state: 'delivered' },
        { clientId: 's2', text: 'Slower', state: 'sent' },
      ],
    },
  ),
};

describe('the transcript as a document', () => {
  it('is the golden one', async () => {
    const file = path.join(import.meta.dirname, 'golden', 'transcript.md');
    const { text } = render(story);
    if (process.env['UPDATE_GOLDEN']) await writeFile(file, text);
    assert.equal(text, await readFile(file, 'utf8'));
  });

  it('folds turns and their details where these are', () => {
    const { text, folds } = render(story);
    const lines = text.split('\n');
    for (const { start, end, kind } of folds) {
      assert.match(lines[start] ?? '', kind === 'turn' ? /^## / : /^\*\*/);
      assert.notEqual(lines[end], '', 'the blank line behind it stays');
      assert.equal(lines[end + 1] ?? '', '');
    }
    assert.equal(folds.filter(({ kind }) => kind === 'turn').length, 4);
    const details = folds.filter(({ kind }) => kind === 'detail').map(({ start }) => lines[start]?.slice(0, 20));
    assert.ok(details.includes('**Command** `ls -a` '));
    assert.ok(!details.some((line) => line?.startsWith('**Command** `true`')), 'there is nothing to fold');
  });

  it('leads from the name of a file to its change', () => {
    const { text, links } = render(story);
    const lines = text.split('\n');
    const shown = links.map(({ line, from, to, turnId, itemId, change }) => [
      lines[line]?.slice(from, to),
      `${turnId}/${itemId}/${change}`,
    ]);
    assert.deepEqual(shown, [
      ['`a.txt`', 't1/f/0'],
      ['`b.txt`', 't1/f/1'],
      ['`/elsewhere/c.txt`', 't1/f/2'],
      [`\`d.txt\` → \`${path.join('sub', 'e.txt')}\``, 't1/f/3'],
      ['`no.txt`', 't1/f2/0'],
    ]);
  });

  it('has a heading for each turn, and no other, for the outline', () => {
    const { text } = render(story);
    const outside = text.replaceAll(/^(`{3,}).*\n[^]*?^\1$/gm, '');
    assert.deepEqual(outside.match(/^#.*/gm), [
      '# scout',
      '## 2026-01-02 03:04:05 · Turn completed · 1 min 15 s',
      '## 2026-01-02 03:04:05 · Turn failed · 1 min 15 s',
      '## Turn interrupted',
      '## 2026-01-02 03:04:05 · Turn running',
    ]);
  });

  it('cuts what is huge, keeps its beginning and end, and says so', () => {
    const output = `first\n${'x'.repeat(1_000_000)}\nlast`;
    const { text } = render({ turns: [turn('t', [{ ...command, command: 'flood', output }])] });
    assert.ok(text.length < 40_000);
    assert.match(text, /first\nx+\n… 967243 characters omitted …\nx+\nlast/);
  });

  it('works out only the running turn again', () => {
    const items: TurnItem[] = [{ ...command, command: 'ls', output: 'x'.repeat(20_000) }];
    const turns = Array.from({ length: 500 }, (_, index) => turn(`t${index}`, items));
    let read = 0;
    for (const one of turns) {
      Object.defineProperty(one, 'items', {
        get: () => {
          read += 1;
          return items;
        },
      });
    }
    render({ turns });
    assert.equal(read, 500);
    for (let index = 0; index < 10; index += 1) render({ turns, running: turn('now', items) });
    assert.equal(read, 500);
  });
});
