/** The backlog and what becomes of it, by commands and by dragging; several agents at once. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { type AgentView, emptyView } from '../../src/loop/state/agentView.ts';
import { actOnAgent } from '../../src/ui/agents/agentCommands.ts';
import { ItemTree, type Row } from '../../src/ui/itemTree.ts';
import { agentsToDropOn, tasksToDrag } from '../../src/ui/tasks/taskDrag.ts';
import type { Item } from '../../src/ui/items.ts';
import type { TownHost } from '../../src/ui/town/townHost.ts';
import { eventually } from '../support/eventually.ts';
import { agentRecord } from '../unit/ui/support.ts';
import { HostTown, refused, run } from './town.ts';

function rowsOf(...items: (Pick<Item, 'id'> & Partial<Item>)[]): Row[] {
  const look = {
    label: 'x',
    description: '',
    icon: { id: 'circle' },
    contextValue: 'task;pending;backlog;open;',
    spoken: '',
    collapse: 'none',
  } as const;
  const tree = new ItemTree(() => items.map((item) => ({ ...look, ...item })));
  const rows = tree.childrenOf();
  tree.dispose();
  return rows;
}

function shownText(): string {
  return vscode.window.activeTextEditor?.document.getText() ?? '';
}

describe('tasks', () => {
  let town: HostTown;

  before(async () => {
    town = await HostTown.prepare();
    await run('spawnAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
  });
  after(() => town.end());

  const field = (id: unknown, name: string): Promise<string> =>
    town.redis.cli('HGET', `tt:workspace:task:${String(id)}`, name);
  const backlog = (): Promise<string> => town.redis.cli('LRANGE', 'tt:workspace:backlog', '0', '-1');

  it('go into the backlog with their tags, and from there to an agent that does them', async () => {
    await run('pauseAgent', 'scout');
    const id = await run('addBacklogTask', 'Write the almanac #docs', { tags: ['winter'] });
    assert.equal(await backlog(), id);
    assert.deepEqual(JSON.parse(await field(id, 'tags')), ['winter', 'docs']);
    assert.equal(await run('claimBacklogTask', 'scout', id), id);
    assert.equal(await backlog(), '');
    await run('resumeAgent', 'scout');
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Write the almanac'));
    await eventually(async () => (await field(id, 'state')) === 'completed');
    await refused('taskOver', 'completeTask', id);
  });

  it('are asked an agent for where a program names the task alone', async () => {
    await run('pauseAgent', 'scout');
    const id = await run('addBacklogTask', 'Feed the owls');
    const claimed = run('claimBacklogTask', undefined, id);
    await eventually(async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return (await backlog()) === '';
    });
    assert.equal(await claimed, id);
    await run('cancelTask', id);
    await run('resumeAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  it('are completed and cancelled by a person', async () => {
    // A pause would cut off a turn that is not over, and the agent would continue it afterward.
    await town.agent('scout', ({ state }) => state === 'idle');
    await run('pauseAgent', 'scout');
    const done = await run('assignTask', 'scout', 'Water the trees');
    await run('completeTask', done, 'it rained');
    assert.equal(await field(done, 'state'), 'completed');
    assert.equal(await field(done, 'result'), 'it rained');
    const off = await run('assignTask', 'scout', 'Dig a pond');
    await run('cancelTask', off);
    assert.equal(await field(off, 'state'), 'cancelled');
    const unwanted = await run('addBacklogTask', 'Paint the moon');
    await run('cancelTask', unwanted);
    assert.equal(await backlog(), '');
    await run('resumeAgent', 'scout');
    await town.agent('scout', ({ state }) => state === 'idle');
  });

  async function moved(command: string, id: unknown, ...wanted: unknown[]): Promise<void> {
    assert.equal(await run(command, id), id);
    assert.deepEqual((await backlog()).split('\n'), wanted);
  }

  it('are picked up by an idle agent only where the user lets it', async () => {
    await town.agent('scout', ({ state }) => state === 'idle');
    const before = town.model.requests.length;
    const id = await run('addBacklogTask', 'Count the owls');
    await run('startPickup');
    const { lastUserText } = await town.model.waitForRequest((request) => request.index >= before);
    assert.match(lastUserText, new RegExp(`^- ${String(id)}: Count the owls$`, 'm'));
    await run('stopPickup');
    await town.agent('scout', ({ state }) => state === 'idle');
    await run('cancelTask', id);
  });

  it('change places in the backlog, and get tags and another text', async () => {
    const ids = [];
    for (const text of ['One', 'Two', 'Three']) ids.push(await run('addBacklogTask', text));
    const [one, two, three] = ids;
    await moved('moveTaskUp', three, one, three, two);
    await moved('moveTaskDown', one, three, one, two);
    assert.equal(await run('tagTask', one, '#docs winter,#docs'), one);
    assert.deepEqual(JSON.parse(await field(one, 'tags')), ['docs', 'winter']);
    await run('tagTask', one, { tags: [] });
    assert.deepEqual(JSON.parse(await field(one, 'tags')), []);
    await run('editTask', one, 'Another text');
    assert.equal(await field(one, 'description'), 'Another text');
    await refused('emptyText', 'editTask', one, ' ');
    for (const id of ids) await run('cancelTask', id);
    await refused('taskGone', 'tagTask', one, 'late');
    await eventually(() => refused('taskGone', 'openTask', one));
    await refused('taskTaken', 'moveTaskUp', one);
  });

  it('keep their lines when a person edits them', async () => {
    const id = await run('addBacklogTask', 'Sow the beans\nbefore May');
    let over = false;
    const edited = run('editTask', id).finally(() => (over = true));
    await eventually(async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return over;
    });
    assert.equal(await edited, id);
    assert.equal(await field(id, 'description'), 'Sow the beans\nbefore May');
    await run('cancelTask', id);
  });

  it('are shown whole, as they are now, in a document that cannot be edited', async () => {
    const id = await run('addBacklogTask', 'Read the old letters\nand sort them');
    await eventually(async () => (await run('openTask', id)) === id);
    await eventually(() => /^Read the old letters\nand sort them\n[^]*State: backlog/.test(shownText()));
    await run('tagTask', id, 'attic');
    await eventually(() => shownText().includes('Tags: #attic'), { what: 'its tags, in the document that is open' });
    assert.equal(await run('findTask', id), id);
    await run('cancelTask', id);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('say what is wrong with them', async () => {
    await refused('emptyText', 'addBacklogTask', ' ');
    await refused('taskGone', 'completeTask', '00000000-0000-4000-8000-000000000000');
    await refused('badArguments', 'addBacklogTask', 7);
    const id = await run('addBacklogTask', 'For nobody');
    await refused('unknownAgent', 'claimBacklogTask', 'nobody', id);
    await run('cancelTask', id);
  });

  it('are handed over by dragging them onto an agent', async () => {
    const claims: string[] = [];
    const session = {
      mirror: { backlog: ['t1'] },
      actions: { tasks: { claim: async (task: string, agent: string) => void claims.push(`${task} → ${agent}`) } },
    };
    // Only what a drop asks for.
    const host = { session: async () => session } as unknown as TownHost;
    const [task, agent] = rowsOf({ id: 'tasks/backlog/t1', taskId: 't1' }, { id: 'agent/a1', agentId: 'a1' });
    assert.ok(task && agent);
    const transfer = new vscode.DataTransfer();
    const { token } = new vscode.CancellationTokenSource();
    await tasksToDrag(host).handleDrag?.([task], transfer, token);
    await agentsToDropOn(host).handleDrop?.(agent, transfer, token);
    assert.deepEqual(claims, ['t1 → a1']);
    await agentsToDropOn(host).handleDrop?.(undefined, transfer, token);
    assert.equal(claims.length, 1);
    const [over] = rowsOf({ id: 'tasks/done/t1', taskId: 't1', contextValue: 'task;completed;' });
    const nothing = new vscode.DataTransfer();
    await tasksToDrag(host).handleDrag?.(over ? [over] : [], nothing, token);
    await agentsToDropOn(host).handleDrop?.(agent, nothing, token);
    assert.equal(claims.length, 1, 'a task that is over was given away');
  });

  it('change places by dragging them within the backlog', async () => {
    const order: string[] = [];
    const session = {
      mirror: { backlog: ['a', 'b', 'c'] },
      actions: { tasks: { move: async (id: string, before?: string) => void order.push(`${id} < ${before}`) } },
    };
    // Only what a drop asks for.
    const host = { session: async () => session } as unknown as TownHost;
    const rows = rowsOf(
      { id: 'tasks/backlog/a', taskId: 'a' },
      { id: 'tasks/backlog/b', taskId: 'b' },
      { id: 'tasks/backlog/c', taskId: 'c' },
      { id: 'tasks/backlog' },
      { id: 'tasks/running/d', taskId: 'd' },
    );
    const { token } = new vscode.CancellationTokenSource();
    const drag = async (from: number, to: number): Promise<void> => {
      const transfer = new vscode.DataTransfer();
      const [row, target] = [rows[from], rows[to]];
      assert.ok(row && target);
      await tasksToDrag(host).handleDrag?.([row], transfer, token);
      await tasksToDrag(host).handleDrop?.(target, transfer, token);
    };
    await drag(0, 1);
    await drag(0, 2);
    await drag(2, 0);
    await drag(1, 3);
    await drag(1, 4);
    assert.deepEqual(order, ['a < c', 'a < undefined', 'c < a', 'b < undefined']);
  });
});

describe('several selected agents', () => {
  it('are paused together; one that cannot be keeps the others from nothing, and is named', async () => {
    const paused: string[] = [];
    const agents = [agentRecord('a'), agentRecord('b', { state: 'paused' }), agentRecord('c')];
    const session = {
      mirror: { agents: new Map(agents.map((agent) => [agent.id, agent])), waiting: () => ({ held: 0, dead: 0 }) },
      runner: { view: () => emptyView('persistent') },
      past: { within: (view: AgentView) => view },
      actions: { pauseAgent: async (id: string) => void paused.push(id) },
    };
    // Only what pausing asks for.
    const parts = { host: { session: async () => session } } as unknown as Parameters<typeof actOnAgent>[2];
    const ids = agents.map(({ id }) => id);
    const targets = ids.map((agent) => ({ agent }));
    await assert.rejects(
      actOnAgent('pauseAgent', { interactive: true, targets }, parts),
      /^TinytownError: b is already paused\.$/,
    );
    assert.deepEqual(paused, [ids[0], ids[2]]);
  });
});
