/**
 * What a person sees at a glance: what agents of another window do, live; the tasks, put in order by dragging and found by
 * typing; and rows that stay where they are while much happens. Each test goes on where the one before it ended.
 */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { type Step, echoScript, gate } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { startUiTown, stepByStep, type UiTown } from './uiTown.ts';

describe('a glance at agents and tasks', () => {
  let town: UiTown;
  let first: Workbench;
  let second: Workbench;
  let agents: TreeView;
  let there: TreeView;
  let tasks: TreeView;

  before(async () => {
    town = await startUiTown();
    const folder = await town.folder('observatory');
    first = await Workbench.open({ folder, settings: town.settings });
    agents = first.view('Agents');
  });
  after(async () => {
    await first?.close();
    await town?.end();
  });
  stepByStep('glance', () => [first, second]);

  /** Answers what is said about `about` by `steps` in turn, then completes the task. */
  function script(about: string, ...steps: (() => Step[] | Promise<Step[]>)[]): void {
    let next = 0;
    town.model.script = (request) => {
      if (!request.userTexts.some((text) => text.includes(about))) return echoScript(request);
      const step = steps[next];
      next += 1;
      return step ? step() : completeTask({ ...request, toolOutputs: next === steps.length + 1 ? [] : ['over'] });
    };
  }

  it('shows in a second window what an agent of the first one does, as it happens', async () => {
    const [more, end] = [gate(), gate()];
    script(
      'Watch the sky',
      () => [{ text: 'I turn the telescope.' }, { exec: 'echo clear' }],
      async () => [
        { text: 'The sky is clear. ' },
        { hold: more.opened },
        { text: 'I see a comet.' },
        { hold: end.opened },
        { exec: 'true' },
      ],
    );
    await first.openSidebar();
    await agents.welcome.getByRole('button', { name: 'New Agent' }).click();
    await first.quickInput.type('writer');
    await first.quickInput.accept();
    await first.quickInput.widget.getByText('First task for writer').waitFor();
    await first.quickInput.type('Watch the sky');
    await first.quickInput.accept();
    await agents.item('The sky is clear.').waitFor();

    second = await first.secondWindow();
    there = second.view('Agents');
    await second.openSidebar();
    await there.description('writer').getByText('working, another window · Watch the sky').waitFor();
    await there.item('The sky is clear.').waitFor();
    await there.item('I turn the telescope.').waitFor();
    await there.items.filter({ hasText: /\$ .*echo clear.* → 0/ }).waitFor();
    more.open();
    await there.item('I see a comet.').waitFor();
    await second.screenshots('glance-second-window');
    await second.sidebarWidth(250);
    await second.screenshots('glance-second-window-narrow');
    end.open();
    await there.item('Turn completed').waitFor();
    await there.waitForState('writer', 'idle, another window');
  });

  it('shows the same as text in the agent’s output', async () => {
    await second.runCommand('Tinytown: Show Output');
    const output = second.page.locator('.panel .view-lines');
    const held = gate();
    script('Count the stars', async () => [{ text: 'One, two, three.' }, { hold: held.opened }, { exec: 'true' }]);
    await runWith(first, 'Assign Task', 'Task for writer', 'Count the stars');
    await output.getByText('One, two, three.').waitFor();
    held.open();
    await there.waitForState('writer', 'idle, another window');
    await second.runCommand('View: Hide Panel');
  });

  /** What the rows of the backlog say. */
  async function backlog(): Promise<string[]> {
    return (await tasks.texts()).filter((text) => text.endsWith('#sky'));
  }

  it('puts the backlog in order by dragging, and by keys', async () => {
    tasks = first.view('Tasks');
    for (const text of ['Clean the dome', 'Oil the hinges', 'Polish the mirror']) {
      await addTask(first, `${text} #sky`);
    }
    // Room for the tasks.
    await first.view('Needs You').pane.locator('.pane-header').click();
    await tasks.pane.locator('.pane-header').click();
    await tasks.item('Polish the mirror #sky').waitFor();
    await first.screenshots('glance-tasks');
    await first.drag(tasks.item('Polish the mirror #sky'), tasks.item('Clean the dome #sky'));
    await eventually(async () => (await backlog()).join().startsWith('Polish'), { what: 'the dragged task is first' });
    assert.deepEqual(await backlog(), ['Polish the mirror #sky', 'Clean the dome #sky', 'Oil the hinges #sky']);
    await tasks.select('Polish the mirror #sky');
    await first.page.keyboard.press('Alt+ArrowDown');
    await eventually(async () => (await backlog())[1]?.startsWith('Polish'), { what: 'moved down' });
    // The selection goes with the task.
    await first.page.keyboard.press('Alt+ArrowDown');
    await eventually(async () => (await backlog())[2]?.startsWith('Polish'), { what: 'moved to the end' });
    // Arrow keys select nothing: the row that they have come to is meant all the same, and is not opened by the way.
    await first.page.keyboard.press('ArrowUp');
    await first.page.keyboard.press('Alt+ArrowUp');
    await eventually(async () => (await backlog())[0]?.startsWith('Oil'), {
      what: 'the row of the keyboard has moved',
    });
    assert.equal((await backlog())[2], 'Polish the mirror #sky');
    const tabs = await first.page.locator('.editor-group-container .tab').allInnerTexts();
    assert.match(tabs.join(), /^Task: Polish the mirror[^,]*$/);
  });

  it('finds a task by typing what came of it, and shows its row', async () => {
    await first.runCommand('Tinytown: Find Task…');
    await first.quickInput.type('as was asked');
    await first.quickInput.rows.filter({ hasText: 'Watch the sky' }).waitFor();
    await first.screenshots('glance-find');
    await first.quickInput.pick('Watch the sky');
    const row = tasks.item('Watch the sky');
    await row.waitFor();
    await eventually(async () => (await row.getAttribute('aria-selected')) === 'true', { what: 'it is selected' });
    assert.match(await tasks.description('Watch the sky').innerText(), /^writer · as was asked$/);
    await row.click();
    const editor = first.page.locator('.editor-instance .view-lines');
    await editor.getByText('as was asked').waitFor();
    await editor.getByText('State: done').waitFor();
    await first.page.mouse.move(800, 500);
    await first.screenshots('glance-task');
    await first.runCommand('View: Close All Editors');
  });

  it('moves no row that is looked at while much happens', async () => {
    const held = gate();
    const words = { text: 'Star after star is bright. '.repeat(400), chunks: 800 };
    script('Name the stars', async () => [words, { hold: held.opened }, { exec: 'true' }]);
    await agents.expand('writer');
    await agents.expand('Session');
    await agents.item('Thread').click();
    const row = agents.item('Thread');
    const place = (await agents.item('writer').boundingBox())?.y;
    await first.page.evaluate(watchRows);
    await runWith(first, 'Assign Task', 'Task for writer', 'Name the stars');
    for (let count = 0; count < 5; count += 1) {
      await addTask(second, `Chart ${count} #sky`);
    }
    await agents.items.filter({ hasText: 'Star after star' }).waitFor();
    assert.equal(await row.getAttribute('aria-selected'), 'true');
    assert.equal(await agents.item('Session').getAttribute('aria-expanded'), 'true');
    assert.equal((await agents.item('writer').boundingBox())?.y, place);
    assert.equal(await first.page.evaluate('document.body.dataset.emptied ?? ""'), '', 'the tree was empty');
    await first.screenshots('glance-flood');
    held.open();
    await agents.waitForState('writer', 'idle');
    assert.equal(await row.getAttribute('aria-selected'), 'true');
    assert.equal(await agents.item('Session').getAttribute('aria-expanded'), 'true');
  });
});

/** For the page: notes when the agents’ tree has no rows for a moment. */
const watchRows = `{
  const list = document.querySelector('.sidebar .monaco-list-row[aria-label^="Agent"]').closest('.monaco-list-rows');
  new MutationObserver(() => {
    if (list.childElementCount === 0) document.body.dataset.emptied = 'yes';
  }).observe(list, { childList: true });
}`;

/** Runs a command and answers the one thing that it asks. */
async function runWith(workbench: Workbench, command: string, title: string, answer: string): Promise<void> {
  await workbench.runCommand(`Tinytown: ${command}…`);
  await workbench.quickInput.widget.locator('.quick-input-title').getByText(title).waitFor();
  await workbench.quickInput.type(answer);
  await workbench.quickInput.accept();
  // Another command would take the box away before its answer was looked at.
  await workbench.quickInput.widget.waitFor({ state: 'hidden' });
}

/** Adds a task to the backlog; the box stays open for the next one until Escape. */
async function addTask(workbench: Workbench, text: string): Promise<void> {
  const { quickInput } = workbench;
  await workbench.runCommand('Tinytown: Add Task to Backlog…');
  await quickInput.type(text);
  await quickInput.accept();
  await quickInput.message.getByText('Added 1 task.').waitFor();
  await quickInput.cancel();
}
