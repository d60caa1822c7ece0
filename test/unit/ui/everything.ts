/** A town with everything in it that a row can show, for tests about all rows. What is data here holds no Latin letter. */
import type { NarrowedSetting } from '../../../src/loop/trust/confirmations.ts';
import type { AgentView, TurnView } from '../../../src/loop/state/agentView.ts';
import type { SupervisorMessage } from '../../../src/loop/actions/personInbox.ts';
import type { Receipt } from '../../../src/loop/state/receipt.ts';
import type { AgentRequest, RequestChoice } from '../../../src/runtime/agentRequest.ts';
import type { ItemStatus, TurnItem } from '../../../src/runtime/turnItem.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import { agentStates, taskStates } from '../../../src/town/records/records.ts';
import { say } from '../../../src/util/sentence.ts';
import { type Scene, agentRecord, taskRecord } from './support.ts';

const now = Date.parse('2026-01-02T04:00:00Z');

const labels = [
  'approve',
  'approveForSession',
  'approveAlways',
  'allowHost',
  'blockHost',
  'decline',
  'cancel',
] as const;
const choices = labels.map((label): RequestChoice => ({ id: label, label, detail: '数' }));

function head(id: string): Pick<AgentRequest, 'id' | 'turnId' | 'itemId' | 'askedAt' | 'subAgent' | 'choices'> {
  return { id, turnId: '1', itemId: '1', askedAt: now - 200_000, subAgent: '数', choices };
}

const question = { id: '1', header: '数', question: '数？', freeText: true, secret: false };
const changes = (['add', 'delete', 'update'] as const).map((change) => ({
  path: `数/${change.length}`,
  change,
  diff: '@@ -1 +1 @@\n-1\n+2\n',
}));

const requests: AgentRequest[] = [
  { ...head('1'), kind: 'command', command: '数', cwd: '/数', reason: '数', input: false, permissions: ['数'] },
  { ...head('2'), kind: 'command', command: '数', cwd: '/数', reason: null, input: true, permissions: [] },
  { ...head('3'), kind: 'fileChange', reason: '数', changes },
  { ...head('4'), kind: 'fileChange', reason: null, changes: changes.slice(0, 1) },
  { ...head('5'), kind: 'permissions', reason: '数', summary: [say('Read {0}', say('everything'))] },
  {
    ...head('6'),
    kind: 'question',
    blocking: false,
    questions: [
      { ...question, options: [{ label: '数', description: '数' }] },
      { ...question, id: '2', options: [], secret: true },
    ],
  },
  { ...head('7'), kind: 'elicitation', server: '数', message: '数', arguments: '数', form: null, url: null },
  {
    ...head('8'),
    kind: 'elicitation',
    server: '数',
    message: '数',
    arguments: null,
    url: null,
    form: [{ name: '1', title: '数', description: '数', required: true, type: 'boolean', default: null }],
  },
  { ...head('9'), kind: 'elicitation', server: '数', message: '数', arguments: null, form: null, url: '数://数' },
];

const statuses: readonly ItemStatus[] = ['running', 'completed', 'failed', 'declined', 'stopped'];

const items = statuses.flatMap((status): TurnItem[] => {
  const own = (kind: string): { id: string; status: ItemStatus } => ({ id: `${status}/${kind}`, status });
  return [
    { ...own('1'), kind: 'userMessage', text: '数', clientId: null },
    { ...own('2'), kind: 'agentMessage', text: '数' },
    { ...own('3'), kind: 'agentMessage', text: '' },
    { ...own('4'), kind: 'reasoning', text: '' },
    { ...own('5'), kind: 'reasoning', text: '数' },
    { ...own('6'), kind: 'command', command: '数', cwd: '/数', output: '数\n', exitCode: 1, durationMs: 90_000 },
    { ...own('7'), kind: 'command', command: '数', cwd: '/数', output: '', exitCode: null, durationMs: null },
    { ...own('8'), kind: 'fileChange', changes },
    { ...own('9'), kind: 'toolCall', server: '数', tool: '数', arguments: '{}', result: '数' },
    { ...own('10'), kind: 'webSearch', query: '数' },
    { ...own('11'), kind: 'subAgent', text: '数' },
  ];
});

function turn(id: string, fields: Partial<TurnView> = {}): TurnView {
  const plan = (['pending', 'inProgress', 'completed'] as const).map((status) => ({ step: '数', status }));
  const steers = (['sent', 'delivered'] as const).map((state) => ({ clientId: state, text: '数', state }));
  return {
    id,
    startedAt: now - 90_000,
    endedAt: undefined,
    outcome: undefined,
    items,
    plan,
    diff: '',
    steers,
    ...fields,
  };
}

const over = { endedAt: now };
const view: Partial<AgentView> = {
  requests,
  turn: turn('1'),
  pastTurns: [
    turn('2', { ...over, outcome: { status: 'completed' } }),
    turn('3', { ...over, outcome: { status: 'interrupted' } }),
    turn('4', { ...over, outcome: { status: 'failed', message: '数', trouble: 'retry' } }),
  ],
  declined: 2,
  lastError: say('The agent’s process ended with exit code {0}.', 3),
  modeReason: say('{0} cannot hold a session; only codex and codex-mini can.', '数'),
  mode: 'one-shot',
  model: '数',
  version: '0.1.2',
  pid: 42,
  tokens: { totalTokens: 123_456, contextTokens: 90_000, contextWindow: 100_000 },
  rateLimits: [
    { usedPercent: 95, windowMinutes: 300, resetsAt: now / 1_000 + 600 },
    { usedPercent: 10, windowMinutes: 10_080, resetsAt: null },
  ],
  rateLimitsAt: now,
};

const agents = [
  ...agentStates.map((state, index) => agentRecord(`1${index}`, { state, cli: '数' })),
  agentRecord('20', { state: 'working', currentTask: '1', cli: '数', nickname: '数', roleId: '数' }),
  agentRecord('21', { state: 'idle', cli: '数' }),
  agentRecord('22', { state: 'error', cli: '数', lastError: '数' }),
  agentRecord('23', { state: 'working', cli: '数' }),
  agentRecord('24', { state: 'idle', cli: '数' }),
];

const receiptStates = ['queued', 'sent', 'delivered', 'settled', 'held', 'dead', 'uncertain'] as const;
const receipts = [
  ...receiptStates.flatMap((state, index): Receipt[] => {
    const own = {
      batchId: state,
      text: '数',
      type: 'task',
      state,
      since: now - 200_000,
      reason: '数',
      can: [],
    } as const;
    return [
      { ...own, messageId: `${index}`, from: SUPERVISOR_ID, list: 'inbox' },
      { ...own, messageId: `${index}0`, from: 'id-21', list: 'urgent', text: '' },
      { ...own, messageId: `${index}00`, from: '', list: 'inbox', attempts: index % 2 },
    ];
  }),
  ...Array.from({ length: 100 }, (_none, index): Receipt => {
    const own = { batchId: undefined, text: '数', type: 'task', state: 'queued', since: now, can: [] } as const;
    return { ...own, messageId: `${index}000`, from: SUPERVISOR_ID, list: 'inbox' };
  }),
];

export const everything: Scene & { now: number } = {
  now,
  agents,
  tasks: taskStates.map((state, index) =>
    taskRecord(String(index), '数', { state, assignedTo: agents[0]?.id, tags: ['数'], result: '数' }),
  ),
  backlog: ['0'],
  problems: [
    { key: '数', reason: '数' },
    { key: '数数', reason: '数' },
  ],
  claims: [
    { claim: { kind: 'setting', name: '数' as NarrowedSetting, value: '数' }, answer: 'declined' },
    { claim: { kind: 'redisVariable', where: '数', value: '数' }, answer: 'open' },
  ],
  waiting: { 20: { inbox: 300, urgent: 1, held: 2, dead: 2 }, 21: { inbox: 1, held: 1, dead: 1 }, 22: { dead: 1 } },
  receipts: { 20: receipts },
  views: {
    20: { ...view, owner: 'here' },
    21: { owner: 'external', declined: 1 },
    23: { owner: 'elsewhere', stalled: true, turn: turn('5') },
    24: { waitsForSignIn: true },
    25: { waitsForRoom: true },
    27: { retry: { attempt: 2, of: 3, at: 0 } },
    26: { program: { claim: { kind: 'program', cli: '数', command: '数', env: { 数: '数' } }, answer: 'open' } },
  },
};

/** What agents and others have written to the person. */
export const letters: SupervisorMessage[] = (
  ['task', 'query', 'informational', 'task_done', 'task_failed'] as const
).map((type, index) => ({
  id: String(index),
  from: index === 0 ? SUPERVISOR_ID : 'id-20',
  fromName: '数',
  result: type.startsWith('task_') ? '数' : undefined,
  at: now - index * 4_000_000,
  type,
  text: index === 2 ? '' : '数',
  taskId: '1',
  asks: index < 2,
}));
