/** What is right, for {@link ./hostile.ts} to spoil: one of each record, message, notification and request. */

const id = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
const other = '00000000-0000-0000-0000-000000000001';
const time = '2026-04-23T22:32:34.123456+00:00';

export const agentHash = {
  id,
  name: 'backend',
  nickname: 'b',
  role_id: 'backend',
  parent_agent_id: other,
  spawn_mode: 'fresh',
  agent_type: 'worker',
  state: 'idle',
  cli: 'codex',
  current_task: id,
  created_at: time,
  last_heartbeat: time,
  last_active_at: time,
  tasks_completed: '3',
  rounds_completed: '4',
  runtime_session_id: id,
  runtime_host: 'vscode',
  persistent: 'true',
  model: 'm',
  last_error: 'e',
};

export const taskHash = {
  id,
  description: 'Write the parser',
  state: 'pending',
  assigned_to: id,
  created_at: time,
  updated_at: time,
  started_at: time,
  completed_at: time,
  result: 'done',
  parent_id: id,
  tags: '["a","b"]',
};

const envelope = { id, from: other, to: id, priority: 'normal', created_at: time, correlation_id: null };
export const messages = [
  { type: 'task', description: 'd' },
  { type: 'query', question: 'q' },
  { type: 'informational', summary: 's' },
  { type: 'confirmation', ack_type: { type: 'rejected', reason: 'r' } },
  { type: 'task_assign', task_id: id },
  { type: 'task_done', task_id: id, result: 'r' },
  { type: 'task_failed', task_id: id, error: 'e' },
  { type: 'status_response', state: 'idle', current_task: null },
  { type: 'ping' },
  { type: 'shutdown' },
  { type: 'custom', kind: 'k', payload: 'p' },
].map((body) => ({ ...envelope, ...body }));

export const batch = {
  id,
  kind: 'round',
  at: 1,
  threadId: id,
  delivered: false,
  messages: [{ id, list: 'inbox', raw: JSON.stringify(messages[0]) }],
};
export const held = { batch, heldAt: 1, reason: 'r' };
export const settled = { raw: 'x', list: 'inbox', batchId: 'b', at: 1 };
export const dead = { raw: 'x', list: 'urgent', at: 1, reason: 'r', attempts: 2 };
export const turnHash = {
  seen: JSON.stringify({ [id]: { attempts: 1, threadId: id } }),
  not_before: '12',
  left_waiting: '[]',
};
export const event = { event_type: 'agent_turn_started', agent_id: id, message: 'm', timestamp: time };

export const toml = `name = "town"
default_cli = "codex"
max_agents = 5

[agent]
idle_timeout_secs = 60
persistent = true

[redis]
url = "redis://localhost:6379/1"
use_socket = false
host = "localhost"
port = 6379
tls_enabled = false

[agent_clis.mine]
command = "mine --print 'a b'"
env = { KEY = "value" }
`;

const ofTurn = { threadId: 't', turnId: 'u' };
const turn = { id: 'u', status: 'inProgress', error: null, items: [] };
const items = [
  { type: 'userMessage', id: 'i', clientId: 'c', content: [{ type: 'text', text: 'x', text_elements: [] }] },
  { type: 'agentMessage', id: 'i', text: 'x' },
  { type: 'reasoning', id: 'i', summary: ['a'], content: ['b'] },
  { type: 'plan', id: 'i', text: 'p' },
  {
    type: 'commandExecution',
    id: 'i',
    command: 'ls',
    cwd: '/',
    status: 'completed',
    aggregatedOutput: 'o',
    exitCode: 0,
    durationMs: 1,
    commandActions: [],
  },
  { type: 'fileChange', id: 'i', status: 'completed', changes: [{ path: 'a', kind: { type: 'update' }, diff: '+x' }] },
  {
    type: 'mcpToolCall',
    id: 'i',
    server: 's',
    tool: 't',
    status: 'completed',
    arguments: {},
    result: null,
    error: null,
  },
  { type: 'webSearch', id: 'i', query: 'q' },
  { type: 'contextCompaction', id: 'i' },
];
export const notifications: { method: string; params: unknown }[] = [
  { method: 'turn/started', params: { threadId: 't', turn } },
  { method: 'turn/completed', params: { threadId: 't', turn: { ...turn, status: 'completed' } } },
  {
    method: 'turn/completed',
    params: {
      threadId: 't',
      turn: { ...turn, status: 'failed', error: { message: 'm', codexErrorInfo: 'unauthorized' } },
    },
  },
  ...items.flatMap((item) => [
    { method: 'item/started', params: { ...ofTurn, item } },
    { method: 'item/completed', params: { ...ofTurn, item } },
  ]),
  { method: 'item/agentMessage/delta', params: { ...ofTurn, itemId: 'i', delta: 'd' } },
  { method: 'item/commandExecution/outputDelta', params: { ...ofTurn, itemId: 'i', delta: 'd' } },
  { method: 'item/reasoning/summaryTextDelta', params: { ...ofTurn, itemId: 'i', delta: 'd', summaryIndex: 0 } },
  { method: 'turn/plan/updated', params: { ...ofTurn, plan: [{ step: 's', status: 'pending' }], explanation: null } },
  { method: 'turn/diff/updated', params: { ...ofTurn, diff: 'd' } },
  {
    method: 'thread/tokenUsage/updated',
    params: { ...ofTurn, tokenUsage: { total: { totalTokens: 1 }, last: { totalTokens: 1 }, modelContextWindow: 5 } },
  },
  {
    method: 'account/rateLimits/updated',
    params: { rateLimits: { primary: { usedPercent: 1, windowDurationMins: 5, resetsAt: 9 }, secondary: null } },
  },
  { method: 'error', params: { ...ofTurn, error: { message: 'm' }, willRetry: true } },
  { method: 'serverRequest/resolved', params: { threadId: 't', requestId: 0 } },
  { method: 'thread/status/changed', params: { threadId: 't', status: { type: 'idle' } } },
];

export const serverRequests: { method: string; params: unknown }[] = [
  {
    method: 'item/commandExecution/requestApproval',
    params: {
      ...ofTurn,
      itemId: 'i',
      command: 'rm',
      cwd: '/',
      reason: null,
      availableDecisions: ['accept', 'decline'],
    },
  },
  { method: 'item/fileChange/requestApproval', params: { ...ofTurn, itemId: 'i', reason: 'r', grantRoot: null } },
  {
    method: 'item/permissions/requestApproval',
    params: { ...ofTurn, itemId: 'i', cwd: '/', reason: null, permissions: { network: { enabled: true } } },
  },
  {
    method: 'item/tool/requestUserInput',
    params: {
      ...ofTurn,
      itemId: 'i',
      questions: [{ id: 'q', header: 'h', question: 'Which?', options: [{ label: 'a', description: 'b' }] }],
    },
  },
  {
    method: 'mcpServer/elicitation/request',
    params: {
      ...ofTurn,
      serverName: 's',
      mode: 'form',
      message: 'm',
      requestedSchema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
    },
  },
  { method: 'item/tool/call', params: { ...ofTurn, callId: 'c', tool: 't', arguments: {} } },
  { method: 'currentTime/read', params: {} },
  { method: 'execCommandApproval', params: { conversationId: 't', callId: 'c', command: ['ls'], cwd: '/' } },
  { method: 'no/such/request', params: {} },
];

export const execLines = [
  { type: 'thread.started', thread_id: 't' },
  { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'x' } },
  {
    type: 'item.updated',
    item: {
      id: 'i',
      type: 'command_execution',
      command: 'bash -lc ls',
      aggregated_output: 'o',
      exit_code: 0,
      status: 'completed',
    },
  },
  {
    type: 'item.completed',
    item: { id: 'i', type: 'file_change', changes: [{ path: 'a', kind: 'add' }], status: 'completed' },
  },
  { type: 'item.started', item: { id: 'i', type: 'todo_list', items: [{ text: 'a', completed: true }] } },
  { type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 2 } },
  { type: 'turn.failed', error: { message: 'm' } },
  { type: 'error', message: 'm' },
];

export const toolArguments: Record<string, unknown>[] = [
  { agent: 'backend', text: 'do it', task: 'do it', message: 'm', kind: 'query', urgent: true },
  { task_id: id, result: 'r', reason: 'r', agent: 'backend' },
  { description: 'd', tags: ['a'], text: 't' },
  {},
];

export const commandLines = [
  ['send', 'backend', '--urgent', 'stop', 'it'],
  ['task', 'complete', id, '--result', 'done'],
  ['backlog', 'add', 'x', '--tags', 'a,b'],
  ['--town', '/x', 'status', '--help'],
];
