import assert from 'node:assert/strict';
import { decodeNotification } from '../../../src/codex/methods.ts';
import type { TurnItem } from '../../../src/runtime/turnItem.ts';
import { toRuntimeEvents } from '../../../src/runtime/events.ts';
import { readExecEvent } from '../../../src/runtime/execOutput.ts';

const ofTurn = { threadId: 't', turnId: 'u' };

/** The item as the loop gets it, all the way from the wire. */
function shown(item: Record<string, unknown>, over = true): TurnItem | undefined {
  const heard = decodeNotification(over ? 'item/completed' : 'item/started', { ...ofTurn, item: { id: 'i', ...item } });
  const [event] = heard ? toRuntimeEvents(heard, false) : [];
  return event?.type === 'itemCompleted' || event?.type === 'itemStarted' ? event.item : undefined;
}

describe('items of a session', () => {
  const done = { id: 'i', status: 'completed' };
  for (const [wire, item] of [
    [
      { type: 'userMessage', clientId: 'c', content: [{ type: 'text', text: 'a' }, { type: 'image' }] },
      { ...done, kind: 'userMessage', text: 'a\n[image]', clientId: 'c' },
    ],
    [
      { type: 'userMessage', content: [] },
      { ...done, kind: 'userMessage', text: '', clientId: null },
    ],
    [
      { type: 'agentMessage', text: 'b', phase: null },
      { ...done, kind: 'agentMessage', text: 'b' },
    ],
    [
      { type: 'plan', text: 'p' },
      { ...done, kind: 'agentMessage', text: 'p' },
    ],
    [
      { type: 'reasoning', summary: ['s', 't'], content: ['raw'] },
      { ...done, kind: 'reasoning', text: 's\n\nt' },
    ],
    [
      { type: 'reasoning', summary: [], content: ['raw'] },
      { ...done, kind: 'reasoning', text: 'raw' },
    ],
    [
      { type: 'commandExecution', command: "/bin/bash -lc 'ls -l'", cwd: '/w', status: 'declined', exitCode: null },
      {
        ...done,
        status: 'declined',
        kind: 'command',
        command: 'ls -l',
        cwd: '/w',
        output: '',
        exitCode: null,
        durationMs: null,
      },
    ],
    [
      {
        type: 'commandExecution',
        command: 'x',
        cwd: '/w',
        status: 'failed',
        aggregatedOutput: 'o',
        exitCode: 2,
        durationMs: 5,
      },
      { ...done, status: 'failed', kind: 'command', command: 'x', cwd: '/w', output: 'o', exitCode: 2, durationMs: 5 },
    ],
    [
      {
        type: 'fileChange',
        status: 'completed',
        changes: [
          { path: 'a', kind: { type: 'add' }, diff: 'new' },
          { path: 'b', kind: { type: 'update', move_path: 'c' }, diff: '@@' },
        ],
      },
      {
        ...done,
        kind: 'fileChange',
        changes: [
          { path: 'a', change: 'add', diff: 'new' },
          { path: 'b', change: 'update', movedTo: 'c', diff: '@@' },
        ],
      },
    ],
    [
      {
        type: 'mcpToolCall',
        server: 's',
        tool: 't',
        status: 'completed',
        arguments: { a: 1 },
        result: { content: [] },
      },
      { ...done, kind: 'toolCall', server: 's', tool: 't', arguments: '{"a":1}', result: '{"content":[]}' },
    ],
    [
      { type: 'mcpToolCall', server: 's', tool: 't', status: 'failed', arguments: null, error: { message: 'no' } },
      { ...done, status: 'failed', kind: 'toolCall', server: 's', tool: 't', arguments: '', result: 'no' },
    ],
    [
      { type: 'dynamicToolCall', tool: 't', status: 'completed', arguments: 'raw' },
      { ...done, kind: 'toolCall', server: null, tool: 't', arguments: 'raw', result: null },
    ],
    [
      { type: 'webSearch', query: 'q' },
      { ...done, kind: 'webSearch', query: 'q' },
    ],
    [
      { type: 'collabAgentToolCall', tool: 'spawnAgent', status: 'completed', prompt: 'help' },
      { ...done, kind: 'subAgent', text: 'spawnAgent: help' },
    ],
    [
      { type: 'subAgentActivity', kind: 'started', agentPath: '/root/a' },
      { ...done, kind: 'subAgent', text: '/root/a: started' },
    ],
    [{ type: 'contextCompaction' }, { ...done, kind: 'other', type: 'contextCompaction' }],
    [
      { type: 'agentMessage', text: 5 },
      { ...done, kind: 'other', type: 'agentMessage' },
    ],
    [{ type: 'toString' }, { ...done, kind: 'other', type: 'toString' }],
  ] as const) {
    it(`shows ${JSON.stringify(wire)}`, () => assert.deepEqual(shown(wire), item));
  }

  it('is running until it is over, and was stopped if it never came to an end', () => {
    const command = { type: 'commandExecution', command: 'x', cwd: '/w', status: 'inProgress' };
    assert.equal(shown(command, false)?.status, 'running');
    assert.equal(shown(command, true)?.status, 'stopped');
    assert.equal(shown({ type: 'agentMessage', text: '' }, false)?.status, 'running');
  });

  it('passes over an item without an id or a type', () => {
    assert.equal(decodeNotification('item/completed', { ...ofTurn, item: { type: 'agentMessage' } }), undefined);
    assert.equal(decodeNotification('item/completed', null), undefined);
    assert.equal(decodeNotification('constructor', {}), undefined);
  });
});

describe('other announcements of a session', () => {
  for (const [method, params, event] of [
    [
      'turn/completed',
      {
        threadId: 't',
        turn: { id: 'u', status: 'failed', items: [], error: { message: 'm', codexErrorInfo: 'unauthorized' } },
      },
      { type: 'turnCompleted', turnId: 'u', outcome: { status: 'failed', message: 'm', trouble: 'signedOut' } },
    ],
    [
      'turn/plan/updated',
      {
        ...ofTurn,
        explanation: null,
        plan: [
          { step: 's', status: 'inProgress' },
          { step: 'r', status: 'new one' },
        ],
      },
      {
        type: 'planUpdated',
        turnId: 'u',
        steps: [
          { step: 's', status: 'inProgress' },
          { step: 'r', status: 'pending' },
        ],
      },
    ],
    ['turn/diff/updated', { ...ofTurn, diff: 'd' }, { type: 'diffUpdated', turnId: 'u', diff: 'd' }],
    [
      'thread/tokenUsage/updated',
      { ...ofTurn, tokenUsage: { total: { totalTokens: 9 }, last: { totalTokens: 4 }, modelContextWindow: 100 } },
      { type: 'tokensUpdated', usage: { totalTokens: 9, contextTokens: 4, contextWindow: 100 } },
    ],
    [
      'account/rateLimits/updated',
      { rateLimits: { primary: { usedPercent: 5, windowDurationMins: 300, resetsAt: 1 }, secondary: null } },
      { type: 'rateLimitsUpdated', limitId: null, windows: [{ usedPercent: 5, windowMinutes: 300, resetsAt: 1 }] },
    ],
    ['account/rateLimits/updated', { rateLimits: { primary: null, secondary: null } }, undefined],
    [
      'error',
      { ...ofTurn, error: { message: 'm' }, willRetry: true },
      { type: 'runtimeError', message: 'm', willRetry: true },
    ],
    [
      'item/reasoning/summaryTextDelta',
      { ...ofTurn, itemId: 'i', delta: 'd', summaryIndex: 0 },
      { type: 'itemDelta', kind: 'reasoning', turnId: 'u', itemId: 'i', delta: 'd' },
    ],
  ] as const) {
    it(`means ${JSON.stringify(event)} by ${method}`, () => {
      const heard = decodeNotification(method, params);
      assert.ok(heard);
      assert.deepEqual(toRuntimeEvents(heard, false)[0], event);
    });
  }
});

describe('the output of codex exec', () => {
  for (const [line, event] of [
    [
      { type: 'item.completed', item: { id: 'item_1', type: 'agent_message', text: 'done' } },
      {
        type: 'itemCompleted',
        turnId: 'u',
        item: { id: 'u:item_1', status: 'completed', kind: 'agentMessage', text: 'done' },
      },
    ],
    [
      {
        type: 'item.started',
        item: { id: 'item_2', type: 'file_change', status: 'in_progress', changes: [{ path: 'a', kind: 'add' }] },
      },
      {
        type: 'itemStarted',
        turnId: 'u',
        item: {
          id: 'u:item_2',
          status: 'running',
          kind: 'fileChange',
          changes: [{ path: 'a', change: 'add', diff: '' }],
        },
      },
    ],
    [
      { type: 'item.updated', item: { id: 'item_3', type: 'todo_list', items: [{ text: 's', completed: true }] } },
      { type: 'planUpdated', turnId: 'u', steps: [{ step: 's', status: 'completed' }] },
    ],
    [
      { type: 'error', message: 'Reconnecting... 1/5' },
      { type: 'runtimeError', message: 'Reconnecting... 1/5', willRetry: true },
    ],
    [{ type: 'new.thing' }, undefined],
    [null, undefined],
  ] as const) {
    it(`is read: ${JSON.stringify(line)}`, () => assert.deepEqual(readExecEvent('u', '/w', line).events[0], event));
  }

  for (const [message, why] of [
    ['why', { trouble: 'retry' }],
    ['unexpected status 401 Unauthorized: {}, url: http://m', { trouble: 'signedOut' }],
    ['unexpected status 503 Service Unavailable: {}', { trouble: 'busy' }],
    ['unexpected status 400 Bad Request: 401', { trouble: 'retry' }],
  ] as const) {
    it(`says why the turn failed: ${message}`, () => {
      const { failure } = readExecEvent('u', '/w', { type: 'turn.failed', error: { message } });
      assert.deepEqual(failure, { status: 'failed', message, ...why });
    });
  }
});
