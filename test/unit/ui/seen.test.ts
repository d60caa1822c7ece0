/** An agent that wants to hide what is being approved: what it asks for is shown whole, or cannot be approved there. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import { say } from '../../../src/util/sentence.ts';
import { needsOf } from '../../../src/ui/needs/needs.ts';
import { needItem, wholeText } from '../../../src/ui/needs/needsYouItems.ts';
import { COLUMNS, ROWS, approvedRows, columnsOf, wrapped } from '../../../src/ui/needs/approvedRows.ts';
import { diffNames, pageText, seenInDiff, seenInLabel, seenInRows, seenInText } from '../../../src/ui/needs/seen.ts';
import { spellOut } from '../../../src/util/hidden.ts';
import { agentRecord, english, flat, picture } from './support.ts';

const head = {
  id: 'r',
  turnId: 't',
  itemId: 'i',
  askedAt: 0,
  subAgent: null,
  choices: [
    { id: 'a', label: 'approve' as const, detail: null },
    { id: 's', label: 'approveForSession' as const, detail: null },
    { id: 'd', label: 'decline' as const, detail: null },
  ],
};

function command(text: string, more: { cwd?: string; permissions?: string[]; subAgent?: string } = {}): AgentRequest {
  return { ...head, kind: 'command', command: text, cwd: '/w', reason: null, input: false, permissions: [], ...more };
}

const change = (path: string): AgentRequest => ({
  ...head,
  kind: 'fileChange',
  reason: null,
  changes: [{ path, change: 'update', diff: '@@' }],
});

const changed = (diff: string): AgentRequest => ({
  ...head,
  kind: 'fileChange',
  reason: null,
  changes: [{ path: 'a.py', change: 'update', diff: `@@ -1,2 +1,2 @@\n${diff}` }],
});

const grant = (reason: string): AgentRequest => ({
  ...head,
  kind: 'fileChange',
  reason,
  changes: [{ path: 'a.ts', change: 'update', diff: '@@' }],
});

const toolCall = (args: string): AgentRequest => ({
  ...head,
  kind: 'elicitation',
  server: 's',
  message: 'May it?',
  arguments: args,
  form: null,
  url: null,
});

function needOf(request: AgentRequest) {
  const [need] = needsOf(picture({ agents: [agentRecord('a')], views: { a: { requests: [request] } } }), []);
  assert.ok(need);
  return need;
}

/** What stands in the request's row and below it, and whether there is an Approve button. */
function row(request: AgentRequest, open = true, shown = true): { labels: string[]; approvable: boolean } {
  const look = { t: english, folder: '/w', isOpen: () => open, isShown: () => shown };
  const rows = flat([needItem(needOf(request), look)]);
  const [first] = rows;
  return { labels: rows.map(({ label }) => label), approvable: /;approve;/.test(first?.contextValue ?? '') };
}

const long = `echo ${'a '.repeat(60)}; rm -rf ~`;

describe('the title of a document has an Approve button', () => {
  it('where its text says what would be approved', () => {
    for (const request of [
      command(long),
      command('ls', { cwd: '/far/away' }),
      toolCall('x'.repeat(5_000)),
      change('a'),
    ])
      assert.ok(seenInText(request));
    assert.ok(!seenInText({ ...head, kind: 'fileChange', reason: 'Trust me', changes: [] }));
    assert.ok(!seenInText({ ...head, kind: 'permissions', reason: 'Trust me', summary: [] }));
  });

  it('beside a diff of all there is, under the whole name of its file', () => {
    assert.equal(diffNames({ path: '/w/src/lamp.ts', change: 'update', diff: '' }, '/w'), 'src/lamp.ts');
    assert.ok(seenInDiff(change('/w/src/lamp.ts'), '/w'));
    assert.ok(seenInDiff(change('/etc/passwd'), '/w'));
    const two = [change('a'), change('b')].flatMap((one) => (one.kind === 'fileChange' ? one.changes : []));
    const no: AgentRequest[] = [
      { ...head, kind: 'fileChange', reason: null, changes: two },
      { ...head, kind: 'fileChange', reason: null, changes: [] },
      { ...head, kind: 'fileChange', reason: 'Write below /home from now on.', changes: two.slice(0, 1) },
      { ...change('a'), subAgent: 'x' },
      change(`/w/${'d/'.repeat(80)}a`),
      change('p\u0430th.ts'),
      changed('-  return a;\n+return a;\n'),
      changed('-a\n-  b\n+  a\n+b\n'),
      changed('-  a\n-a\n+a\n'),
      changed('-a\n+a\r\n'),
      changed('-a\n+a\u200bb\n'),
    ];
    for (const diff of ['-a\n+b\n', '-a\r\n+b\r\n', '-a\n b\n+a\n']) {
      assert.ok(seenInDiff(changed(diff), '/w'), JSON.stringify(diff));
    }
    for (const request of no) assert.ok(!seenInDiff(request, '/w'), JSON.stringify(request));
  });
});

describe('a notification has an Approve button', () => {
  const yes: [string, AgentRequest][] = [
    ['for a short command in the town’s folder', command('npm test')],
    ['for a command whose hidden characters it spells out', command('echo a\u200bb')],
    [
      'for permissions that it names',
      { ...head, kind: 'permissions', reason: null, summary: [say('Use the network')] },
    ],
  ];
  for (const [what, request] of yes) it(what, () => assert.ok(seenInLabel(request, '/w', english)));

  const no: [string, AgentRequest][] = [
    ['a command that is cut', command(long)],
    ['a command of several lines', command('echo a\nrm -rf ~')],
    ['a command that hides itself behind blanks', command(`echo a${' '.repeat(100)}; rm -rf ~`)],
    ['blanks that count', command('rm "a  b"')],
    ['a command in another folder', command('npm test', { cwd: '/elsewhere' })],
    ['a command with more permissions', command('npm test', { permissions: ['network'] })],
    ['a command of a sub-agent', command('npm test', { subAgent: 'x' })],
    ['a command with letters that look like others', command('c\u0430t file')],
    ['the change of a file', change('a.ts')],
    ['the call of a tool', toolCall('{}')],
    [
      'permissions that are cut',
      { ...head, kind: 'permissions', reason: null, summary: [`Write /${'x'.repeat(130)}`] },
    ],
    ['permissions that it does not name', { ...head, kind: 'permissions', reason: 'please', summary: [] }],
  ];
  for (const [what, request] of no) it(`but not for ${what}`, () => assert.ok(!seenInLabel(request, '/w', english)));
});

describe('a row has an Approve button', () => {
  it('where the rows below it show the whole command, blank for blank', () => {
    const text = `echo a\n\n  ${'b  '.repeat(100)}\n; rm -rf ~`;
    const { labels, approvable } = row(command(text));
    assert.ok(approvable);
    assert.equal(labels.slice(1).join(''), text.replace('\n\n', '⏎').replaceAll('\n', ''));
  });

  it('above rows that show even a short command: its label may be cut off', () => {
    assert.deepEqual(row(command('npm test')), { labels: ['Run npm test', 'npm test'], approvable: true });
  });

  it('only while the rows below it are open', () => {
    for (const request of [command('ls'), change('a.ts'), toolCall('{}')]) {
      assert.ok(row(request).approvable);
      assert.ok(!row(request, false).approvable);
    }
  });

  it('but for a change only while an editor shows what it does to the file', () => {
    assert.ok(row(change('a.py')).approvable);
    assert.ok(!row(change('a.py'), true, false).approvable);
    assert.ok(row(command('ls'), true, false).approvable);
  });

  it('and says where a line ends that has become part of one', () => {
    assert.equal(row(command('echo a\nrm b')).labels[0], 'Run echo a ⏎ rm b');
  });

  const no: [string, AgentRequest][] = [
    ['a command of too many lines', command('true\n'.repeat(41))],
    ['an empty command', command('')],
    ['a huge command', command('x'.repeat(50_000))],
    ['a command whose parts need too many rows together', command('true\n'.repeat(38), { cwd: `/${'x'.repeat(50)}` })],
    ['a long folder', command('ls', { cwd: `/${'x'.repeat(900)}` })],
    ['long arguments of a tool', toolCall('x'.repeat(900))],
    ['a long name of a file', change(`${'x/'.repeat(500)}y`)],
    ['a folder to write to behind a long reason', grant(`${'why '.repeat(300)}Write below /home from now on.`)],
    ['permissions that are not known', { ...head, kind: 'permissions', reason: 'please', summary: [] }],
    ['a change that is not known', { ...head, kind: 'fileChange', reason: null, changes: [] }],
  ];
  for (const [what, request] of no) {
    it(`but not for ${what}, which can be answered after it was opened`, () => {
      assert.ok(!seenInRows(request, '/w', english));
      const { contextValue } = needItem(needOf(request), {
        t: english,
        folder: '/w',
        isOpen: () => true,
        isShown: () => true,
      });
      assert.match(contextValue, /;decline;declineAndSay;answer;openRequest;$/);
      assert.ok(!contextValue.includes('approve'));
    });
  }
});

/** Icon, text and file of each row. */
const rowsOf = (request: AgentRequest): string[] =>
  approvedRows(request, '/w', english).rows.map(({ icon, text, file }) => `${icon} ${text} ${file}`);

describe('the rows of what is to be approved', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('a', 'i', ' ', '  ', '\n', '\t', 'W', '@', '&', ';', '漢', '\ufdfd', '😀', 'e\u0301', '\u200b'),
      fc.constantFrom('\u05d0', '\u0628', '5', '>', 'rm -rf ~', ' '.repeat(30), 'x'.repeat(30)),
    ),
    maxLength: 60,
  });

  it('joined, are the whole command; a line break of ours looks different from one of the command', () => {
    fc.assert(
      fc.property(text, (shown) => {
        const { rows, whole } = approvedRows(command(shown), '/w', english);
        const icons = new Set(rows.map(({ icon, continues }) => `${icon} ${continues}`));
        for (const icon of icons) assert.ok(['chevron-right false', 'blank true'].includes(icon), icon);
        if (!whole || shown === '') return;
        const joined = rows.map((one) => `${one.continues ? '' : '\n'}${one.text === '⏎' ? '' : one.text}`).join('');
        assert.equal(joined, `\n${spellOut(shown)}`);
      }),
    );
  });

  it('fit a narrow sidebar, with all else that would be approved', () => {
    fc.assert(
      fc.property(text, (shown) => {
        const requests = [
          command(shown, { cwd: shown, permissions: [shown] }),
          change(`${shown}/${shown}`),
          grant(shown),
          { ...toolCall(shown), server: shown, message: shown, url: null },
        ];
        for (const request of requests) {
          for (const one of approvedRows(request, '/w', english).rows) {
            assert.ok(columnsOf(one.text) <= COLUMNS, one.text);
            assert.doesNotMatch(one.text, /\n/);
          }
        }
      }),
    );
  });

  it('are at most so many where it can be approved', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (parts) => {
        const request = command(parts.join(''), { cwd: '/elsewhere', permissions: parts });
        const { rows, whole } = approvedRows(request, '/w', english);
        assert.equal(row(request).approvable, whole);
        if (whole) assert.ok(rows.length <= ROWS);
      }),
    );
    assert.ok(row(command('true\n'.repeat(ROWS - 1) + 'true')).approvable);
    assert.ok(!row(command('true\n'.repeat(ROWS) + 'true')).approvable);
  });

  it('break before blanks, which can be seen there', () => {
    assert.deepEqual(wrapped('make build -- --all  --fast'), ['make build -- --all', '  --fast']);
    assert.deepEqual(wrapped(`  ${'a'.repeat(30)}`), [`  ${'a'.repeat(19)}`, 'a'.repeat(11)]);
    assert.deepEqual(wrapped('W'.repeat(12)), ['W'.repeat(10), 'WW']);
  });

  it('show the folder of a file, both of one that is moved, and blanks at the end of a name', () => {
    assert.deepEqual(rowsOf(change('/w/src/a.ts')), ['diff-modified a.ts 0', 'folder src 0']);
    assert.deepEqual(rowsOf(change('/w/a.ts ')), ['diff-modified a.ts\\u{20} 0']);
    assert.deepEqual(
      rowsOf({
        ...head,
        kind: 'fileChange',
        reason: null,
        changes: [{ path: '/w/a.ts', movedTo: '/w/lib/a.ts', change: 'update', diff: '' }],
      }),
      ['diff-renamed a.ts → a.ts 0', 'folder . → lib 0'],
    );
    const long = change(`/w/${'long-nest-'.repeat(3)}long-nest`);
    assert.deepEqual(rowsOf(long), ['diff-modified long-nest-long-nest-l 0', 'blank ong-nest-long-nest 0']);
  });
});

describe('what is to be approved', () => {
  it('spells out what it hides: in commands, folders, names of files, permissions and arguments', () => {
    const hidden = 'a\u200bb\u202ec\u00add\u{e0041}e\u3164f\u2028g';
    const spelled = 'a\\u{200b}b\\u{202e}c\\u{ad}d\\u{e0041}e\\u{3164}f\\u{2028}g';
    const requests = [
      command(hidden),
      command('ls', { cwd: `/${hidden}` }),
      command('ls', { permissions: [`Write ${hidden}`] }),
      change(`${hidden}.ts`),
      change(`${hidden}/x.ts`),
      grant(`Write below /${hidden} from now on.`),
      toolCall(hidden),
      { ...head, kind: 'permissions' as const, reason: null, summary: [say('Read {0}', hidden)] },
    ];
    for (const request of requests) {
      const [item] = [needItem(needOf(request), { t: english, folder: '/w' })];
      const seen = flat(item.children?.() ?? [])
        .map(({ label }) => label)
        .join('');
      for (const text of [seen, wholeText(needOf(request), english), item.tooltip?.() ?? '']) {
        assert.ok(text.includes(spelled), text);
      }
    }
  });

  it('says of every file what is done to it, in a line that no name and no content can write', () => {
    const changes = [
      { path: 'a.txt', change: 'add' as const, diff: 'one\n\nAdd b.txt\ntwo' },
      { path: 'b.txt', change: 'delete' as const, diff: 'three\r\nfour' },
      { path: 'c\nAdd d.txt', change: 'update' as const, diff: '@@ -1 +1 @@\n-x\n+y' },
      { path: 'e.txt', change: 'update' as const, movedTo: 'f.txt', diff: '' },
    ];
    assert.equal(
      wholeText(needOf({ ...head, kind: 'fileChange', reason: null, changes }), english),
      [
        'Add a.txt\n+one\n+\n+Add b.txt\n+two',
        'Delete b.txt\n-three\\u{d}\n-four',
        'Change c\\u{a}Add d.txt\n@@ -1 +1 @@\n-x\n+y',
        'Rename e.txt to f.txt\n',
      ].join('\n\n'),
    );
  });

  it('names characters that look like others', () => {
    const warning = 'Characters that look like others: \u0430 (U+0430)';
    for (const request of [command('c\u0430t x'), command('ls', { cwd: '/b\u0430d' }), change('p\u0430th.ts')]) {
      assert.ok(row(request).labels.join('').includes(warning));
      assert.ok(wholeText(needOf(request), english).endsWith(warning));
    }
    assert.ok(!row(command('cat x')).labels.join('').includes('look like'));
    assert.ok(wholeText(needOf(command(`${'x'.repeat(20_000)} c\u0430t`)), english).endsWith(warning));
  });

  it('is a page of the web whose whole address can be seen', () => {
    assert.equal(pageText('Sign in', 'https://a.b/c', english), 'Sign in\n\nhttps://a.b/c');
    assert.equal(
      pageText('', 'https://g\u043eogle.com', english),
      'https://g\u043eogle.com\n\nCharacters that look like others: \u043e (U+043E)',
    );
    for (const url of ['file:///etc/passwd', 'command:x', '//host/x', `https://a.b/${'x'.repeat(4_000)}`]) {
      assert.equal(pageText('', url, english), undefined);
    }
  });

  it('is told apart: two commands that differ never look the same where they can be approved', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '\n', '\u200b', '\u00a0', '\t', '\r', ';', 'b'.repeat(130)),
    });
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [first, second] = [row(command(one)), row(command(other))];
        if (first.approvable && second.approvable && seenInLabel(command(one), '/w', english)) {
          assert.equal(first.labels.join('\n') === second.labels.join('\n'), one === other);
        }
        assert.ok(first.labels.every((label) => !/[\u200b\u00a0\r\n]/.test(label)));
      }),
    );
  });
});
