/** What windows tell each other of requests: everything survives the way, and what is odd is left out. */
import assert from 'node:assert/strict';
import { decodeAnswer, decodeRequests, encodeRequests } from '../../../src/loop/agent/requestCodec.ts';
import { requestLine } from '../../../src/loop/agent/openRequests.ts';
import type { AgentRequest } from '../../../src/runtime/agentRequest.ts';
import { say } from '../../../src/util/sentence.ts';

const head = {
  turnId: 'u',
  itemId: null,
  askedAt: 5,
  subAgent: null,
  choices: [{ id: 'rule-1', label: 'approveAlways' as const, detail: 'git pull' }],
};
const field = { name: 'n', title: 'N', description: null, required: true };
const requests: [AgentRequest, string][] = [
  [
    { ...head, id: 'a', kind: 'command', command: 'ls -l', cwd: '/w', reason: null, input: false, permissions: ['x'] },
    'run ls -l',
  ],
  [
    { ...head, id: 'b', kind: 'command', command: '', cwd: '', reason: 'r', input: false, permissions: ['Reach a'] },
    'Reach a',
  ],
  [{ ...head, id: 'c', kind: 'command', command: 'y', cwd: '', reason: 'r', input: true, permissions: [] }, 'type y'],
  [
    { ...head, id: 'd', kind: 'fileChange', reason: null, changes: [{ path: '/w/a', change: 'add', diff: '+a' }] },
    'change /w/a',
  ],
  [
    {
      ...head,
      id: 'moved',
      kind: 'fileChange',
      reason: null,
      changes: [{ path: '/w/a', change: 'update', diff: '', movedTo: '/home/me/.profile' }],
    },
    'change /w/a',
  ],
  [{ ...head, id: 'e', kind: 'fileChange', reason: null, changes: [] }, 'change files'],
  [
    {
      ...head,
      id: 'f',
      kind: 'permissions',
      reason: 'r',
      summary: [say('Use the network'), say('Read {0}', say('everything'))],
    },
    'Use the network, Read everything',
  ],
  [
    {
      ...head,
      id: 'g',
      kind: 'question',
      blocking: true,
      questions: [
        {
          id: 'q',
          header: 'H',
          question: 'Which?',
          options: [{ label: 'a', description: 'b' }],
          freeText: true,
          secret: true,
        },
      ],
    },
    'Which?',
  ],
  [
    {
      ...head,
      id: 'h',
      subAgent: 'look around',
      kind: 'elicitation',
      server: 's',
      message: 'Fill\nin',
      arguments: '{}',
      url: null,
      form: [
        { ...field, type: 'text', format: 'email', minLength: 1, maxLength: null, default: null },
        { ...field, type: 'number', integer: true, minimum: null, maximum: 3, default: 2 },
        { ...field, type: 'boolean', default: null },
        { ...field, type: 'select', options: [{ value: 'a', label: 'A' }], default: 'a' },
        { ...field, type: 'multiSelect', options: [], minItems: null, maxItems: null, default: ['a'] },
      ],
    },
    's: Fill in',
  ],
];

describe('requests for other windows', () => {
  for (const [request, line] of requests) {
    it(`${request.kind} ${request.id} arrives as it was, and reads "${line}"`, () => {
      assert.deepEqual(decodeRequests(encodeRequests([request])), [request]);
      assert.equal(requestLine(request), line);
    });
  }

  it('leave out what cannot be read, and keep the rest', () => {
    const [first] = requests[0] ?? [];
    assert.deepEqual(decodeRequests(JSON.stringify([{ ...first, kind: 'song' }, 7, first])), [first]);
    for (const raw of ['', '{}', 'null', '[', '"x"']) assert.deepEqual(decodeRequests(raw), []);
  });

  it('are cut where a diff is very long', () => {
    const change = { path: 'a', change: 'add' as const, diff: 'x'.repeat(300_000) };
    const raw = encodeRequests([{ ...head, id: 'a', kind: 'fileChange', reason: null, changes: [change] }]);
    assert.ok(raw.length < 101_000);
    assert.equal(decodeRequests(raw).length, 1);
  });

  it('offer no approval where another window sees only a part, in any of their texts', () => {
    const long = 'x'.repeat(150_000);
    const choices = (['approve', 'approveForSession', 'approveAlways', 'allowHost', 'decline', 'cancel'] as const).map(
      (label) => ({ id: label, label, detail: null }),
    );
    const command = { kind: 'command', command: `ls ${long}`, cwd: '/w', reason: null, input: false } as const;
    const server = { kind: 'elicitation', server: 's', message: '', form: null, url: null } as const;
    const asked: AgentRequest[] = [
      { ...head, choices, id: 'a', ...command, permissions: [] },
      { ...head, choices, id: 'b', kind: 'permissions', reason: null, summary: [say('Write {0}', long)] },
      { ...head, choices, id: 'c', ...server, arguments: long },
    ];
    for (const seen of decodeRequests(encodeRequests(asked))) {
      assert.deepEqual(
        seen.choices.map(({ label }) => label),
        ['decline', 'cancel'],
      );
    }
  });

  it('are not so many, and have not so many parts, that a view could not show them', () => {
    const [first] = requests[0] ?? [];
    const [question] = requests.find(([{ id }]) => id === 'g') ?? [];
    assert.ok(first && question?.kind === 'question');
    const many = Array.from({ length: 100_000 }, (_, index) => ({ ...first, id: `r${index}` }));
    assert.ok(decodeRequests(JSON.stringify(many)).length <= 1_000);
    const [asked] = question.questions;
    const options = Array.from({ length: 100_000 }, (_, index) => ({ label: `${index}`, description: '' }));
    assert.deepEqual(decodeRequests(JSON.stringify([{ ...question, questions: [{ ...asked, options }] }])), []);
    assert.deepEqual(decodeRequests(JSON.stringify([{ ...first, reason: 'x'.repeat(20_000_000) }])), []);
  });

  it('are left out where they say more than is known here: it would not be shown', () => {
    const [first] = requests[0] ?? [];
    const [change] = requests.find(([{ id }]) => id === 'moved') ?? [];
    assert.deepEqual(decodeRequests(JSON.stringify([{ ...first, alsoRuns: 'rm' }])), []);
    const raw = JSON.stringify([change]).replace('"movedTo"', '"copiedTo"');
    assert.deepEqual(decodeRequests(raw), []);
  });
});

describe('an answer of another window', () => {
  for (const answer of [{ choice: 'approve' }, { answers: { q: ['a'] } }, { form: { n: [1, 'x', null] } }]) {
    it(JSON.stringify(answer), () => assert.deepEqual(decodeAnswer(JSON.stringify(answer)), answer));
  }
  for (const raw of ['', '{}', '{"choice":1}', '{"answers":{"q":"a"}}', '{"choice":"a","form":{}}', '[]']) {
    it(`is not ${raw}`, () => assert.equal(decodeAnswer(raw), undefined));
  }
});
