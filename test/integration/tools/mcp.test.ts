/** The MCP server as agents' programs start it: the built bundle on its standard input and output. */
import assert from 'node:assert/strict';
import { AgentStore } from '../../../src/town/stores/agents.ts';
import { SUPERVISOR_ID } from '../../../src/town/keys.ts';
import type { AgentRecord } from '../../../src/town/records/records.ts';
import { TaskStore } from '../../../src/town/stores/tasks.ts';
import { accessTo } from '../../support/access.ts';
import { builtBundles } from '../../support/bundles.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestTown, openTestTown, testAgent } from '../../support/redisTown.ts';
import { tempDir } from '../../support/tempDir.ts';
import { McpClient } from '../../support/toolProcesses.ts';

const offered = [
  'status',
  'assign',
  'send',
  'backlog_list',
  'backlog_add',
  'backlog_claim',
  'backlog_remove',
  'task_current',
  'task_show',
  'task_complete',
  'task_fail',
];

describe('the MCP server', () => {
  let town: TestTown;
  let anna: AgentRecord;
  let folder: Awaited<ReturnType<typeof tempDir>>;
  let bundle: string;
  const clients: McpClient[] = [];

  before(async () => {
    ({ mcp: bundle } = await builtBundles());
    folder = await tempDir('mcp');
  });
  beforeEach(async () => {
    town = await openTestTown();
    anna = testAgent('anna');
    await new AgentStore(town.redis, town.keys).create(anna);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await town.close();
  });
  after(() => folder.remove());

  async function start(
    changes: NodeJS.ProcessEnv = {},
    { url = town.server.url, self = anna.id } = {},
  ): Promise<McpClient> {
    const access = await accessTo(folder.path, { town: town.keys.town, url, self });
    const env = { PATH: process.env['PATH'], ...access, ...changes };
    const client = new McpClient(bundle, { env, cwd: folder.path });
    clients.push(client);
    return client;
  }

  it('offers the operations that prompts name, each with its schema and what it may do', async () => {
    const client = await start();
    const { serverInfo } = await client.initialize();
    assert.equal(Object(serverInfo).name, 'tinytown');
    const { tools } = await client.request('tools/list');
    assert.ok(Array.isArray(tools));
    assert.deepEqual(
      tools.map(({ name }) => name),
      offered,
    );
    const hints = new Map(tools.map(({ name, annotations }) => [name, annotations]));
    for (const name of ['status', 'backlog_list', 'task_current', 'task_show'])
      assert.equal(hints.get(name).readOnlyHint, true, name);
    assert.deepEqual([hints.get('send').destructiveHint, hints.get('backlog_remove').destructiveHint], [false, true]);
    const { inputSchema } = tools.find(({ name }) => name === 'task_complete');
    assert.deepEqual([inputSchema.type, Object.keys(inputSchema.properties)], ['object', ['task_id', 'result']]);
    assert.equal(inputSchema.required, undefined);
  });

  it('does what it is called for, as the agent that it was started for, and ends with its input', async () => {
    const tasks = new TaskStore(town.redis, town.keys);
    const task = await tasks.assign({ description: 'write it' }, anna.id, SUPERVISOR_ID);
    const client = await start();
    await client.initialize();
    assert.match(await client.call('task_current'), new RegExp(`^Task: ${task.id}`));
    assert.equal(
      await client.call('task_complete', { task_id: task.id, result: 'ü 🎈\n"done"' }),
      `Task ${task.id} is completed.`,
    );
    const ended = await tasks.get(task.id);
    assert.deepEqual([ended?.state, ended?.result], ['completed', 'ü 🎈\n"done"']);
    assert.equal(await client.close(), 0);
    assert.equal(client.stderr, '');
  });

  it('tells the model what is wrong, and goes on', async () => {
    const client = await start();
    await client.initialize();
    assert.match(await client.call('fly'), /^ERROR: There is no tool fly\. There are: status, assign/);
    assert.match(await client.call('inbox'), /^ERROR: There is no tool inbox/);
    assert.match(
      await client.call('send', { agent: 'bob', text: 'x' }),
      /^ERROR: There is no agent “bob”\. There are: anna/,
    );
    assert.match(await client.call('send', { agent: 'anna' }), /^ERROR: text is missing/);
    assert.match(
      await client.call('task_complete', { task: 'x' }),
      /^ERROR: There is no argument task\. It takes task_id/,
    );
    assert.match(await client.call('backlog_list'), /^The backlog is empty/);
  });

  it('says when Redis is away, at the start and later, and goes on when it is back', async () => {
    await town.server.kill();
    const client = await start();
    await client.initialize();
    assert.match(await client.call('status'), /^ERROR: Redis at unix:.*cannot be reached: .*Start Redis/);
    await town.server.restart();
    assert.match(await client.call('status'), /You are anna/);
    await town.server.kill();
    assert.match(await client.call('status'), /^ERROR: Redis at unix:.*cannot be reached/);
    await town.server.restart();
    await eventually(async () => /You are anna/.test(await client.call('status')), { what: 'the tools are back' });
    assert.equal(await client.close(), 0);
  });

  it('ends with its input while it waits for a Redis that is away', async () => {
    const client = await start();
    await client.initialize();
    await client.call('status');
    await town.server.kill();
    const unanswered = assert.rejects(client.call('backlog_add', { text: 'x' }), /ended without an answer/);
    assert.equal(await client.close(), 0);
    await unanswered;
    await town.server.restart();
  });

  it('answers with whole characters, whatever stands in the town', async () => {
    const description = `${'x'.repeat(158)}\u{1f600}${'y'.repeat(40)}`;
    const task = await new TaskStore(town.redis, town.keys).addToBacklog({ description, tags: ['db'] });
    await town.server.client().hset(town.keys.task(task.id), 'tags', '["\\ud83d"]');
    const client = await start();
    await client.initialize();
    const list = await client.call('backlog_list');
    assert.match(list, /x…$/);
    assert.ok(list.isWellFormed(), JSON.stringify(list));
    assert.ok((await client.call('task_show', { task_id: task.id })).isWellFormed());
    assert.ok((await client.call('\ud83d')).isWellFormed());
  });

  it('says so where a call takes too long, and takes the next', async () => {
    const client = await start({ TINYTOWN_TOOL_LIMIT_MS: '1000' });
    await client.initialize();
    await client.call('status');
    process.kill(town.server.pid, 'SIGSTOP');
    try {
      assert.match(
        await client.call('status'),
        /^ERROR: status did not respond within 1 s\. .*before you try again\.$/,
      );
    } finally {
      process.kill(town.server.pid, 'SIGCONT');
    }
    await eventually(async () => /You are anna/.test(await client.call('status')), { what: 'an answer' });
  });

  it('gives no password away', async () => {
    const client = await start({}, { url: 'redis://me:hush-hush@127.0.0.1:1/0' });
    await client.initialize();
    assert.match(await client.call('status'), /^ERROR: Redis at redis:\/\/me:\*\*\*\*@127\.0\.0\.1:1/);
    await client.close();
    assert.ok(!`${client.lines.join()}${client.stderr}`.includes('hush'));
  });

  const unusable: [string, NodeJS.ProcessEnv, { url?: string; self?: string }, RegExp][] = [
    [
      'an agent that is gone',
      {},
      { self: '123e4567-e89b-42d3-a456-426614174000' },
      /You are no longer an agent of the town/,
    ],
    ['an id that is none', {}, { self: 'anna' }, /You are no longer an agent of the town/],
    ['nothing that says who it is for', { TINYTOWN_ACCESS: '' }, {}, /only works for agents that the editor runs/],
    ['an address that is none', {}, { url: 'http://x' }, /is not the address of a Redis/],
  ];
  for (const [what, env, access, says] of unusable) {
    it(`started with ${what} says so when it is called`, async () => {
      const client = await start(env, access);
      await client.initialize();
      assert.match(await client.call('status'), says);
    });
  }

  it('acts as the supervisor where it has the access of a person', async () => {
    const client = await start({}, { self: SUPERVISOR_ID });
    await client.initialize();
    assert.match(await client.call('status'), /You are the supervisor/);
  });

  it('speaks the protocol’s newer form too, and writes nothing but it', async () => {
    const client = await start();
    const { supportedVersions } = await client.request('server/discover', {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    });
    assert.ok(Array.isArray(supportedVersions));
    for (const line of client.lines) assert.equal(JSON.parse(line).jsonrpc, '2.0');
  });
});
