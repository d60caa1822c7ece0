/**
 * Presses every inline button and every entry of the context menus in Agents and Tasks with the mouse, while another row is
 * selected. The last test compares what was pressed with the manifest, so that a new entry must be pressed here, too. What
 * changes nothing comes first, what takes a row away comes last.
 */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/scriptedModel.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import type { MadeRecords } from './madeRecords.ts';
import { type Outcome, closeEditors } from './outcome.ts';
import { type PressTown, addFile, orderIs, showOnly, startPressTown } from './pressTown.ts';
import type { RowButtons } from './rowPresser.ts';
import { stepByStep } from './uiTown.ts';

async function makeRecords(made: MadeRecords): Promise<void> {
  // Those that are given work are run by the real Codex; the others stand still.
  for (const name of ['digger', 'walker', 'writer']) await made.agent(name, 'starting');
  for (const name of ['courier', 'decoy', 'keeper', 'p1', 'p2']) await made.agent(name, 'paused');
  for (const name of ['x1', 'x2']) await made.agent(name, 'stopped', { runtimeHost: undefined });
  await made.agent('broken', 'error');
  const ferry = await made.agent('ferry', 'idle');
  assert.ok((await made.town.leases.own(ferry)).owned);
  for (const name of ['p1', 'p2']) {
    await made.hold(name, `Held of ${name}`);
    await made.fail(name, `Failed of ${name}`);
  }
  for (const letter of ['A', 'B', 'C', 'D']) {
    await made.hold('keeper', `Held ${letter}`);
    await made.fail('keeper', `Failed ${letter}`);
    await made.tell('courier', `Letter ${letter}`);
    await made.town.tasks.addToBacklog({ description: `Task ${letter}`, tags: [] });
  }
  const task = await made.town.tasks.assign({ description: 'Carry water' }, made.id('decoy'), made.id('keeper'));
  await made.town.agents.setFields(made.id('decoy'), { currentTask: task.id });
}

describe('the buttons and menus of agents and tasks', () => {
  let town: PressTown;
  let agents: TreeView;
  let tasks: TreeView;
  const forever = gate();

  before(async () => {
    town = await startPressTown({
      firsts: {
        'Dig a canal': () => [{ text: 'I dig.' }, { hold: forever.opened }],
        'Write the menu': addFile('menu.md'),
      },
      makeRecords,
    });
    agents = town.workbench.view('Agents');
    tasks = town.workbench.view('Tasks');
  });
  after(async () => {
    forever.open();
    await town?.end();
  });
  stepByStep('row-menus', () => [town?.workbench]);

  const agent = (name: string, context: string): RowButtons => town.presser.row('Agents', name, `agent;${context}`);
  const row = (label: string, context: string): RowButtons => town.presser.row('Agents', label, context);
  const gone = (label: string): Promise<void> => agents.item(label).waitFor({ state: 'detached' });
  /** The grey text beside the label says it. */
  const isNow = (label: string, state: RegExp) => (): Promise<void> =>
    agents.description(label).getByText(state).waitFor();
  const isIdle = (label: string) => (): Promise<void> => agents.waitForState(label, 'idle');

  it('show what an agent has done', async () => {
    await town.workbench.openSidebar();
    await showOnly(town.workbench, 'Agents');
    // Another row than those that are pressed.
    await agents.select('decoy');
    await agents.collapse('decoy');
    await town.made.tell('writer', 'Hello');
    await isNow('writer', /finished/)();
    await town.made.tell('writer', 'Write the menu');
    await isNow('writer', /waiting for you/)();
    await agents.expand('writer');
    // It is approved in Needs You, where it is seen whole, or by an answer.
    const change = row('Add menu.md', 'need;request;fileChange;decline;answer;openRequest;');
    await change.inline('answer', {
      asks: 'Answer writer',
      answer: { pick: 'Approve' },
      until: () => gone('Add menu.md'),
    });
    await isIdle('writer')();
    const past = row('Turn completed', 'past;');
    const transcript = { opens: /writer transcript/ };
    await past.inline('openTranscript', transcript);
    await past.menu('openTranscript', transcript);
    await past.inline('openChanges', { opens: /writer: changes/ });
    await past.menu('openChanges', { opens: /writer: changes/ });
    await row('Earlier turns', 'earlier;').inline('openTranscript', transcript);
    await row('Earlier turns', 'earlier;').menu('openTranscript', transcript);
    await agents.expand('Turn completed');
    const file = row('menu.md', 'turnItem;fileChange;');
    await file.inline('openChanges', { opens: /writer: changes/ });
    await file.menu('openChanges', { opens: /writer: changes/ });
    await file.menu('openTranscript', transcript);
    await town.workbench.screenshots('rows-agents');
    await agents.collapse('writer');
  });

  it('work on an agent', async () => {
    const [idle, paused] = [agent('walker', 'here;idle;'), agent('walker', 'here;paused;')];
    await isIdle('walker')();
    await idle.inline('assignTask', { asks: 'Task for walker' });
    await idle.inline('sendMessage', { asks: 'Message to walker' });
    await idle.menu('assignTask', { asks: 'Task for walker' });
    await idle.menu('steer', { asks: 'Steer walker' });
    await idle.menu('sendMessage', { asks: 'Message to walker' });
    await idle.menu('chooseModel', { asks: 'Model of walker' });
    await idle.menu('changePermissions', { asks: 'Permissions of walker' });
    await idle.menu('showOutput', { output: 'walker' });
    await idle.menu('openTranscript', { opens: /walker transcript/ });
    await idle.menu('exportTranscript', { asks: 'Export the Transcript of walker' });
    await idle.menu('openChanges', { asks: 'Changes of walker' });
    await idle.menu('copyText', { copies: 'walker' });
    await idle.menu('togglePersistent', { until: isNow('walker', /one-shot/) });
    await idle.menu('pauseAgent', { until: isNow('walker', /^paused/) });
    await paused.inline('assignTask', { asks: 'Task for walker' });
    await paused.inline('resumeAgent', { until: isIdle('walker') });
    await idle.menu('pauseAgent', { until: isNow('walker', /^paused/) });
    await paused.menu('resumeAgent', { until: isIdle('walker') });
  });

  it('end and begin an agent', async () => {
    const [idle, stopped] = [agent('walker', 'here;idle;'), agent('walker', 'here;stopped;')];
    await idle.menu('closeAgent', { until: isNow('walker', /^asleep/) });
    await agent('walker', 'none;cold;').menu('newConversation', { until: isIdle('walker') });
    await idle.menu('stopAgent', { until: isNow('walker', /^stopped/) });
    await stopped.inline('restartAgent', { until: isIdle('walker') });
    await idle.menu('stopAgent', { until: isNow('walker', /^stopped/) });
    await stopped.menu('restartAgent', { until: isIdle('walker') });
    await idle.menu('renameAgent', {
      asks: 'Rename Agent',
      answer: { type: 'runner' },
      until: isIdle('runner'),
    });
    await agent('runner', 'here;idle;').menu('removeAgent', {
      dialog: 'Delete agent runner?',
      button: 'Delete',
      until: () => gone('runner'),
    });
    await agent('broken', 'here;error;').inline('sendMessage', { asks: 'Message to broken' });
    assert.equal(await agents.item('decoy').getAttribute('aria-selected'), 'true');
  });

  const isOurs = (name: string) => (): Promise<unknown> =>
    eventually(async () => !/external|another window/.test(await agents.description(name).innerText()), {
      what: `${name} is run here`,
    });

  it('bring agents here', async () => {
    await agent('x1', 'external;stopped;').inline('adoptAgent', { until: isOurs('x1') });
    await agent('x2', 'external;stopped;').menu('adoptAgent', { until: isOurs('x2') });
    await agent('ferry', 'elsewhere;idle;').menu('takeOver', {
      until: async () => {
        await town.made.letGo('ferry');
        await isOurs('ferry')();
      },
    });
  });

  it('steer and interrupt a turn, and decide about its work', async () => {
    await town.made.tell('digger', 'Dig a canal');
    await isNow('digger', /^working/)();
    const [works, stands] = [agent('digger', 'here;working;turn;'), agent('digger', 'here;idle;held;')];
    await works.inline('steer', { asks: 'Steer digger' });
    await works.menu('steer', { asks: 'Steer digger' });
    await works.inline('interrupt', { until: isNow('digger', /interrupted/) });
    await stands.menu('runAgain', { until: isNow('digger', /^working/) });
    await works.menu('interrupt', { until: isNow('digger', /interrupted/) });
    await stands.menu('dismissHeld', { until: () => agents.waitForState('digger', 'idle', { only: true }) });
  });

  it('decide about held and failed messages', async () => {
    const waits = (name: string, count: number) => (): Promise<void> => town.made.waiting(name, count);
    const [p1, p2] = [agent('p1', 'here;paused;held;'), agent('p2', 'here;paused;held;')];
    await p1.menu('runAgain', { until: waits('p1', 1) });
    await p1.menu('retryDead', { until: waits('p1', 2) });
    await p2.menu('dismissHeld', { until: isNow('p2', /messages failed/) });
    await p2.menu('dismissDead', { until: isNow('p2', /^paused(?!, )/) });
    await agents.expand('keeper');
    await agents.expand('Inbox');
    await town.workbench.screenshots('rows-inbox');
    // Now another message is selected.
    await agents.select('Held D');
    await closeEditors(town.workbench);
    const [held, dead] = ['receipt;held;', 'receipt;dead;'];
    await row('Held A', held).inline('runAgain', { until: isNow('Held A', /^queued/) });
    await row('Held B', held).menu('runAgain', { until: isNow('Held B', /^queued/) });
    await row('Held C', held).inline('dismissHeld', { until: () => gone('Held C') });
    await row('Failed A', dead).inline('retryDead', { until: isNow('Failed A', /^queued/) });
    await row('Failed B', dead).menu('retryDead', { until: isNow('Failed B', /^queued/) });
    await row('Failed C', dead).inline('dismissDead', { until: () => gone('Failed C') });
    await isNow('Held D', /^held/)();
    await isNow('Failed D', /^failed/)();
    await row('Held D', held).menu('dismissHeld', { until: () => gone('Held D') });
    await row('Failed D', dead).menu('dismissDead', { until: () => gone('Failed D') });
    await agents.collapse('keeper');
  });

  const letters = (...names: string[]) => orderIs(town.workbench, 'Agents', 'Letter', ...names);

  it('change messages that wait', async () => {
    await agents.expand('courier');
    await agents.expand('Inbox');
    const waits = 'receipt;queued;editQueued;promoteQueued;moveQueuedUp;moveQueuedDown;removeQueued;';
    const letter = (name: string): RowButtons => row(`Letter ${name}`, waits);
    const dialog = 'Remove the message “Letter A”?';
    await letter('B').menu('copyText', { copies: 'Letter B' });
    await letter('B').menu('moveQueuedUp', { until: letters('B', 'A', 'C', 'D') });
    await letter('B').menu('moveQueuedDown', { until: letters('A', 'B', 'C', 'D') });
    await letter('B').inline('editQueued', { asks: 'Edit Waiting Message' });
    const answer = { type: 'Letter E' };
    await letter('B').menu('editQueued', { asks: 'Edit Waiting Message', answer, until: letters('A', 'E', 'C', 'D') });
    await letter('C').inline('promoteQueued', { until: letters('C', 'A', 'E', 'D') });
    await letter('D').menu('promoteQueued', { until: letters('C', 'D', 'A', 'E') });
    await letter('A').inline('removeQueued', { dialog });
    await letter('A').menu('removeQueued', { dialog, button: 'Remove', until: letters('C', 'D', 'E') });
    await agents.collapse('courier');
  });

  it('work on the task of an agent', async () => {
    await agents.expand('decoy');
    const own = row('Carry water', 'task;');
    await own.inline('completeTask', { asks: 'Complete “Carry water”' });
    await own.menu('completeTask', { asks: 'Complete “Carry water”' });
    await own.menu('cancelTask', { dialog: 'Cancel the task “Carry water”?', button: 'Keep Task' });
  });

  it('work on tasks', async () => {
    await showOnly(town.workbench, 'Tasks');
    await tasks.select('Task D');
    await town.workbench.page.locator('.editor-group-container .tab').filter({ hasText: 'Task D' }).waitFor();
    await closeEditors(town.workbench);
    const task = (letter: string, context: string): RowButtons =>
      town.presser.row('Tasks', `Task ${letter}`, `task;${context}`);
    const waits = (letter: string): RowButtons => task(letter, 'pending;backlog;open;');
    const order = (...letters: string[]) => orderIs(town.workbench, 'Tasks', 'Task', ...letters);
    const isOf = (letter: string, name: string) => (): Promise<void> =>
      tasks.description(`Task ${letter}`).getByText(name).waitFor();
    await waits('B').menu('openTask', { opens: /Task: Task B/ });
    await waits('B').menu('copyText', { copies: 'Task B' });
    await waits('B').menu('moveTaskUp', { until: order('B', 'A', 'C', 'D') });
    await waits('B').menu('moveTaskDown', { until: order('A', 'B', 'C', 'D') });
    const edited = { asks: 'Edit Task', answer: { type: 'Task E' }, until: order('A', 'E', 'C', 'D') };
    await waits('B').menu('editTask', edited);
    const tagged = (): Promise<void> => tasks.item('Task C #red').waitFor();
    await waits('C').menu('tagTask', { asks: 'Tag “Task C”', answer: { type: '#red' }, until: tagged });
    await waits('A').inline('claimBacklogTask', {
      asks: 'Give “Task A” to an Agent',
      answer: { pick: 'p1' },
      until: isOf('A', 'p1'),
    });
    await waits('E').menu('claimBacklogTask', {
      asks: 'Give “Task E” to an Agent',
      answer: { pick: 'p2' },
      until: isOf('E', 'p2'),
    });
    await town.workbench.screenshots('rows-tasks');
    const away = (letter: string) => (): Promise<void> => tasks.item(`Task ${letter}`).waitFor({ state: 'detached' });
    const done = (letter: string): Outcome => ({
      asks: `Complete “Task ${letter}”`,
      answer: { type: 'Fine' },
      until: away(letter),
    });
    await task('A', 'assigned;open;').inline('completeTask', done('A'));
    await task('E', 'assigned;open;').menu('completeTask', done('E'));
    const dialog = 'Cancel the task “Task D”?';
    await waits('D').menu('cancelTask', { dialog, button: 'Cancel Task', until: away('D') });
  });

  it('are all pressed', () => {
    assert.deepEqual(
      town.presser.left(({ when }) => !when.includes('needsYou')),
      [],
    );
  });
});
