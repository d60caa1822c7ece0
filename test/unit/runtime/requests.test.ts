/** What the app-server asks, as people see it, and what each of their answers becomes: as tables. */
import assert from 'node:assert/strict';
import { type AskedMethod, decodeAsked } from '../../../src/codex/asked.ts';
import type { PendingRequest } from '../../../src/codex/pendingRequests.ts';
import type { AgentRequest, RequestAnswer } from '../../../src/runtime/agentRequest.ts';
import { formFields, formProblem } from '../../../src/runtime/elicitationForm.ts';
import { answerProblem, asksForSecret, toAgentRequest, toServerAnswer } from '../../../src/runtime/requests.ts';
import { inEnglish } from '../../../src/util/sentence.ts';

function pendingOf(method: AskedMethod, params: Record<string, unknown>): PendingRequest {
  const asked = decodeAsked(method, { threadId: 't', turnId: 'u', itemId: 'i', ...params });
  assert.ok(asked, 'it can be read');
  return { id: 'r1', threadId: 't', turnId: 'u', itemId: 'i', asked };
}

function shown(pending: PendingRequest): AgentRequest {
  return toAgentRequest(pending, { changes: [], subAgent: null, now: 7 });
}

function labels({ choices }: AgentRequest): string[] {
  return choices.map(({ id, label, detail }) =>
    [id === label ? '' : `${id}:`, label, detail ? `(${detail})` : ''].join(''),
  );
}

const command = 'item/commandExecution/requestApproval';
const amend = { acceptWithExecpolicyAmendment: { execpolicy_amendment: ['git', 'pull'] } };
const allow = { applyNetworkPolicyAmendment: { network_policy_amendment: { host: 'npm.example', action: 'allow' } } };
const block = { applyNetworkPolicyAmendment: { network_policy_amendment: { host: 'npm.example', action: 'deny' } } };

function withMore(additionalPermissions: unknown): unknown {
  return decodeAsked('item/commandExecution/requestApproval', { command: 'ls', additionalPermissions });
}

describe('the choices of a command', () => {
  const rows: [string, unknown, string[]][] = [
    [
      'as 0.169 offers them',
      ['accept', amend, 'cancel'],
      ['approve', 'rule-1:approveAlways(git pull)', 'decline', 'cancel'],
    ],
    [
      'for a host',
      ['accept', 'acceptForSession', allow, block, 'cancel'],
      [
        'approve',
        'approveForSession',
        'host-2:allowHost(npm.example)',
        'host-3:blockHost(npm.example)',
        'decline',
        'cancel',
      ],
    ],
    ['declining is always there, once', ['decline', 'cancel'], ['decline', 'cancel']],
    [
      'in our order',
      ['cancel', 'decline', 'acceptForSession', 'accept'],
      ['approve', 'approveForSession', 'decline', 'cancel'],
    ],
    ['each once', ['accept', 'accept', amend, amend], ['approve', 'rule-1:approveAlways(git pull)', 'decline']],
    ['of which some are not known here', ['accept', 'acceptTwice', { sing: {} }, 7], ['approve', 'decline']],
    ['where none is allowed', [], ['decline']],
    ['of a server that does not say', undefined, ['approve', 'approveForSession', 'decline', 'cancel']],
    ['of a server that says nothing', null, ['approve', 'approveForSession', 'decline', 'cancel']],
  ];
  for (const [name, availableDecisions, expected] of rows) {
    it(name, () => assert.deepEqual(labels(shown(pendingOf(command, { availableDecisions }))), expected));
  }

  const decisions: [string, unknown][] = [
    ['approve', 'accept'],
    ['approveForSession', 'acceptForSession'],
    ['rule-2', amend],
    ['host-3', allow],
    ['decline', 'decline'],
    ['cancel', 'cancel'],
  ];
  for (const [choice, decision] of decisions) {
    it(`${choice} is ${JSON.stringify(decision)}`, () => {
      const availableDecisions = ['accept', 'acceptForSession', amend, allow, 'cancel'];
      const pending = pendingOf(command, { availableDecisions });
      assert.equal(answerProblem(shown(pending), { choice }), undefined);
      assert.deepEqual(toServerAnswer(pending, { choice }), { decision });
    });
  }
});

describe('what the approval of a change shows', () => {
  it('the folder that could be written to from now on before the agent’s own words', () => {
    const request = shown(
      pendingOf('item/fileChange/requestApproval', { reason: 'It is harmless. '.repeat(50), grantRoot: '/home' }),
    );
    assert.ok(request.kind === 'fileChange');
    assert.match(request.reason ?? '', /^Write below \/home from now on\. It is harmless/);
  });
});

describe('what a command’s approval shows', () => {
  it('the command itself, not the shell around it, and what it would be allowed', () => {
    const request = shown(
      pendingOf(command, {
        command: `/bin/bash -lc 'curl npm.example'`,
        cwd: '/w',
        reason: 'to look',
        kind: 'command',
        networkApprovalContext: { host: 'npm.example', protocol: 'https' },
        additionalPermissions: {
          network: { enabled: true },
          fileSystem: {
            read: ['/a'],
            write: null,
            entries: [
              { path: { type: 'path', path: '/a' }, access: 'read' },
              { path: { type: 'glob_pattern', pattern: '**/*.pem' }, access: 'deny' },
              { path: { type: 'special', value: { kind: 'project_roots', subpath: 'dist' } }, access: 'write' },
            ],
          },
        },
      }),
    );
    assert.ok(request.kind === 'command');
    assert.deepEqual(
      [request.command, request.cwd, request.reason, request.input],
      ['curl npm.example', '/w', 'to look', false],
    );
    assert.deepEqual(request.permissions.map(inEnglish), [
      'Reach npm.example (https)',
      'Use the network',
      'Read /a',
      'Not touch **/*.pem',
      'Write dist in the workspace',
    ]);
  });

  it('nothing but its frame where the server says nothing more', () => {
    const { kind, askedAt, turnId, itemId } = shown(pendingOf(command, {}));
    assert.deepEqual([kind, askedAt, turnId, itemId], ['command', 7, 'u', 'i']);
  });
});

const permissions = {
  network: { enabled: true },
  fileSystem: {
    read: null,
    write: ['/w/dist'],
    entries: [{ path: { type: 'path', path: '/w/dist' }, access: 'write' }],
  },
};
const question = {
  id: 'q',
  header: 'H',
  question: 'Which?',
  isOther: false,
  isSecret: false,
  options: [
    { label: 'a', description: '' },
    { label: 'b', description: '' },
  ],
};
const elicitation = 'mcpServer/elicitation/request';
const toolApproval = (persist?: unknown) => ({
  serverName: 's',
  mode: 'form',
  message: 'May it?',
  requestedSchema: { type: 'object', properties: {} },
  _meta: { codex_approval_kind: 'mcp_tool_call', tool_params: { a: 1 }, ...(persist !== undefined && { persist }) },
});
const form = {
  serverName: 's',
  mode: 'form',
  message: 'Fill in',
  requestedSchema: { type: 'object', properties: { n: { type: 'number' } } },
};
const link = { serverName: 's', mode: 'url', message: 'Open', url: 'https://x.example', elicitationId: 'e' };
const declined = { action: 'decline', content: null, _meta: null };

describe('answers', () => {
  const rows: [AskedMethod, Record<string, unknown>, RequestAnswer, unknown][] = [
    ['item/fileChange/requestApproval', {}, { choice: 'approve' }, { decision: 'accept' }],
    ['item/fileChange/requestApproval', {}, { choice: 'approveForSession' }, { decision: 'acceptForSession' }],
    ['item/fileChange/requestApproval', {}, { choice: 'decline' }, { decision: 'decline' }],
    ['item/fileChange/requestApproval', {}, { choice: 'cancel' }, { decision: 'cancel' }],
    ['item/permissions/requestApproval', { permissions }, { choice: 'approve' }, { permissions, scope: 'turn' }],
    [
      'item/permissions/requestApproval',
      { permissions },
      { choice: 'approveForSession' },
      { permissions, scope: 'session' },
    ],
    ['item/permissions/requestApproval', { permissions }, { choice: 'decline' }, { permissions: {}, scope: 'turn' }],
    [
      'item/permissions/requestApproval',
      { permissions: { network: null, fileSystem: null } },
      { choice: 'approve' },
      { permissions: {}, scope: 'turn' },
    ],
    [
      'item/tool/requestUserInput',
      { questions: [question] },
      { answers: { q: ['b'] } },
      { answers: { q: { answers: ['b'] } } },
    ],
    ['item/tool/requestUserInput', { questions: [question] }, { choice: 'decline' }, { answers: {} }],
    [elicitation, form, { form: { n: 2 } }, { action: 'accept', content: { n: 2 }, _meta: null }],
    [elicitation, form, { choice: 'decline' }, declined],
    [elicitation, form, { choice: 'cancel' }, { ...declined, action: 'cancel' }],
    [elicitation, link, { choice: 'approve' }, { action: 'accept', content: null, _meta: null }],
    [elicitation, toolApproval(), { choice: 'approve' }, { action: 'accept', content: {}, _meta: null }],
    [
      elicitation,
      toolApproval('session'),
      { choice: 'approveForSession' },
      { action: 'accept', content: {}, _meta: { persist: 'session' } },
    ],
    [
      elicitation,
      toolApproval(['session', 'always']),
      { choice: 'approveAlways' },
      { action: 'accept', content: {}, _meta: { persist: 'always' } },
    ],
  ];
  for (const [method, params, answer, expected] of rows) {
    it(`${method} ${JSON.stringify(answer)} → ${JSON.stringify(expected)}`, () => {
      const pending = pendingOf(method, params);
      assert.equal(answerProblem(shown(pending), answer), undefined);
      assert.deepEqual(toServerAnswer(pending, answer), expected);
    });
  }

  const bad: [AskedMethod, Record<string, unknown>, RequestAnswer, RegExp][] = [
    [command, { availableDecisions: ['accept'] }, { choice: 'approveForSession' }, /cannot be chosen/],
    [command, {}, { answers: {} }, /no question/],
    ['item/fileChange/requestApproval', {}, { form: {} }, /no form/],
    ['item/tool/requestUserInput', { questions: [question] }, { answers: {} }, /"Which\?" has no answer/],
    ['item/tool/requestUserInput', { questions: [question] }, { answers: { q: [' '] } }, /has no answer/],
    ['item/tool/requestUserInput', { questions: [question] }, { answers: { q: ['c'] } }, /one of its options only/],
    ['item/tool/requestUserInput', { questions: [question] }, { answers: { q: ['a'], z: ['b'] } }, /no question "z"/],
    ['item/tool/requestUserInput', { questions: [question] }, { choice: 'approve' }, /cannot be chosen/],
    [elicitation, form, { choice: 'approve' }, /cannot be chosen/],
    [elicitation, form, { form: { n: 'x' } }, /must be a number/],
    [elicitation, toolApproval('session'), { choice: 'approveAlways' }, /cannot be chosen/],
    [elicitation, link, { form: {} }, /no form/],
    [elicitation, { ...form, mode: 'openai/userVerification' }, { choice: 'approve' }, /cannot be chosen/],
  ];
  for (const [method, params, answer, expected] of bad) {
    it(`${method} does not take ${JSON.stringify(answer)}: ${expected}`, () => {
      assert.match(answerProblem(shown(pendingOf(method, params)), answer) ?? '', expected);
    });
  }

  it('of a question with other answers may be any text, and a secret one is told apart', () => {
    const free = { ...question, isOther: true };
    const secret = { ...question, isSecret: true, options: null };
    const request = shown(pendingOf('item/tool/requestUserInput', { questions: [free, { ...secret, id: 's' }] }));
    assert.equal(answerProblem(request, { answers: { q: ['c'], s: ['token'] } }), undefined);
    assert.equal(asksForSecret(request), true);
    assert.equal(asksForSecret(shown(pendingOf('item/tool/requestUserInput', { questions: [free] }))), false);
  });

  it('can only be refusals where the form cannot be shown', () => {
    const odd = { ...form, requestedSchema: { type: 'object', properties: { deep: { type: 'object' } } } };
    const request = shown(pendingOf(elicitation, odd));
    assert.ok(request.kind === 'elicitation' && request.form === null);
    assert.deepEqual(labels(request), ['decline', 'cancel']);
  });

  it('are not asked for where the request cannot be read', () => {
    assert.equal(decodeAsked('item/tool/requestUserInput', { questions: 'none' }), undefined);
    assert.equal(decodeAsked('item/tool/call', {}), undefined);
    assert.ok(withMore({ network: null, fileSystem: null }));
    // Whoever approves the command would approve these unseen.
    for (const more of [
      { network: 'all', fileSystem: null },
      { network: null, fileSystem: null, devices: ['camera'] },
      { network: { enabled: false, ports: [22] }, fileSystem: null },
      { network: null, fileSystem: { read: null, write: null, execute: ['/'] } },
      { network: null, fileSystem: { read: null, write: null, entries: [{ path: 7, access: 'write' }] } },
    ]) {
      assert.equal(withMore(more), undefined, JSON.stringify(more));
    }
  });
});

function head(name: string, required = false) {
  return { name, title: name, description: null, required };
}

describe('a form', () => {
  const options = [
    { value: 'a', label: 'A' },
    { value: 'b', label: 'b' },
  ];
  const schema = {
    type: 'object',
    properties: {
      mail: {
        type: 'string',
        title: 'Mail',
        description: 'yours',
        format: 'email',
        minLength: 3,
        maxLength: 9,
        default: 'x@y',
      },
      whole: { type: 'integer', minimum: 1, maximum: 3, default: 2 },
      part: { type: 'number' },
      sure: { type: 'boolean', default: true },
      plain: { type: 'string', enum: ['a', 'b'], enumNames: ['A'] },
      titled: { type: 'string', oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }], default: 'b' },
      some: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, minItems: 1, maxItems: 1, default: ['a'] },
      any: {
        type: 'array',
        items: {
          anyOf: [
            { const: 'a', title: 'A' },
            { const: 'b', title: 'b' },
          ],
        },
      },
    },
    required: ['mail', 'some'],
  };
  const fields = formFields(schema) ?? [];

  it('has a field for each kind of property', () => {
    const none = { minimum: null, maximum: null };
    assert.deepEqual(fields, [
      {
        name: 'mail',
        title: 'Mail',
        description: 'yours',
        required: true,
        type: 'text',
        format: 'email',
        minLength: 3,
        maxLength: 9,
        default: 'x@y',
      },
      { ...head('whole'), type: 'number', integer: true, minimum: 1, maximum: 3, default: 2 },
      { ...head('part'), type: 'number', integer: false, ...none, default: null },
      { ...head('sure'), type: 'boolean', default: true },
      { ...head('plain'), type: 'select', options, default: null },
      { ...head('titled'), type: 'select', options, default: 'b' },
      {
        ...head('some', true),
        type: 'multiSelect',
        options: options.map(({ value }) => ({ value, label: value })),
        minItems: 1,
        maxItems: 1,
        default: ['a'],
      },
      { ...head('any'), type: 'multiSelect', options, minItems: null, maxItems: null, default: [] },
    ]);
  });

  const good = { mail: 'a@b.c', some: ['a'] };
  const rows: [Record<string, unknown>, RegExp | undefined][] = [
    [good, undefined],
    [{ ...good, whole: 3, part: 0.5, sure: false, plain: 'a', titled: 'b', any: [] }, undefined],
    [{ some: ['a'] }, /"Mail" must be filled in/],
    [{ ...good, mail: '' }, /must be filled in/],
    [{ ...good, mail: 'ab' }, /at least 3 characters/],
    [{ ...good, mail: 'a'.repeat(10) }, /at most 9 characters/],
    [{ ...good, mail: 7 }, /must be a text/],
    [{ ...good, whole: 2.5 }, /whole number/],
    [{ ...good, whole: 0 }, /at least 1/],
    [{ ...good, whole: 4 }, /at most 3/],
    [{ ...good, part: Number.NaN }, /must be a number/],
    [{ ...good, sure: 'yes' }, /yes or no/],
    [{ ...good, plain: 'c' }, /one of its options/],
    [{ ...good, some: [] }, /at least 1 options/],
    [{ ...good, some: ['a', 'b'] }, /at most 1 options/],
    [{ ...good, any: ['c'] }, /some of its options/],
    [{ ...good, any: 'a' }, /list of its options/],
    [{ ...good, more: 1 }, /no field "more"/],
  ];
  for (const [filled, expected] of rows) {
    it(`${JSON.stringify(filled)} ${expected ? `is not right: ${expected}` : 'is right'}`, () => {
      const problem = formProblem(fields, filled);
      if (expected) assert.match(problem ?? '', expected);
      else assert.equal(problem, undefined);
    });
  }
});
