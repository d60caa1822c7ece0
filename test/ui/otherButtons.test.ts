/**
 * Presses what is contributed besides the views' title bars and rows: every key, the buttons and menus of editors and of the
 * Explorer, the links of the walkthrough, and the status bar. What was pressed is compared with the manifest. Each test goes on
 * where the one before it ended.
 */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/scriptedModel.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import type { Workbench } from '../support/workbench/workbench.ts';
import { type Contributed, linksOf } from './contributed.ts';
import type { MadeRecords } from './madeRecords.ts';
import { type Outcome, closeEditors, outcomeSeen } from './outcome.ts';
import { type PressTown, addFile, askColor, nextBuild, orderIs, startPressTown } from './pressTown.ts';
import { stepByStep } from './uiTown.ts';

async function makeRecords(made: MadeRecords): Promise<void> {
  for (const name of ['builder', 'clerk', 'digger', 'painter', 'writer']) await made.agent(name, 'starting');
  for (const letter of ['A', 'B', 'C']) {
    await made.town.tasks.addToBacklog({ description: `Task ${letter}`, tags: [] });
  }
}

/** What each agent is told, and what it then asks. */
const asked: readonly (readonly [name: string, task: string, label: string])[] = [
  ['builder', 'Build the house', 'Run touch b1.txt'],
  ['painter', 'Paint the door', 'Which color?'],
  ['writer', 'Write the menu', 'Add menu.md'],
  ['clerk', 'Write the bill', 'Add bill.md'],
];

/** What each link of the walkthrough does. */
const walkthroughLinks: Record<string, Outcome> = {
  'codex · Check': { opens: /Doctor/ },
  'signIn · Sign In': { says: 'needs no sign-in' },
  'signIn · Check': { opens: /Doctor/ },
  'redis · Check': { opens: /Doctor/ },
  'folder · Open Folder': { asks: 'Open Folder' },
  'spawn · New Agent': { asks: 'New Agent' },
  'assign · Assign Task': { asks: 'Assign Task…' },
  'steer · Steer': { asks: 'Steer…' },
  'needsYou · Show What Needs You': { mentions: 'Nothing needs your attention.' },
};

/** The names that playwright has for the manifest's keys. */
const keyNames: Record<string, string> = {
  ctrl: 'Control',
  alt: 'Alt',
  shift: 'Shift',
  enter: 'Enter',
  backspace: 'Backspace',
  up: 'ArrowUp',
  down: 'ArrowDown',
};

/** The label of the builder's request. */
function build(number: number): string {
  return `builder: Run touch b${number}.txt`;
}

/** The row that the keyboard is on. */
function focused(tree: TreeView): Locator {
  return tree.pane.locator('.monaco-list:focus-within .monaco-list-row.focused .label-name');
}

describe('keys, editors, the walkthrough and the status bar', () => {
  let town: PressTown;
  let workbench: Workbench;
  let contributed: Contributed;
  let agents: TreeView;
  let needs: TreeView;
  let tasks: TreeView;
  const forever = gate();
  const keysPressed = new Set<string>();

  before(async () => {
    town = await startPressTown({
      firsts: {
        'Build the house': nextBuild,
        'Dig a canal': () => [{ text: 'I dig.' }, { hold: forever.opened }],
        'Write the menu': addFile('menu.md'),
        'Write the bill': addFile('bill.md'),
        'Paint the door': askColor,
      },
      makeRecords,
      files: { 'lamps.txt': 'One lamp\nTwo lamps\n' },
    });
    ({ workbench, contributed } = town);
    agents = workbench.view('Agents');
    needs = workbench.view('Needs You');
    tasks = workbench.view('Tasks');
  });
  after(async () => {
    forever.open();
    await town?.end();
  });
  stepByStep('other-buttons', () => [workbench]);

  const isOn = (label: string) => (): Promise<void> => needs.item(label).waitFor();
  const gone = (label: string) => (): Promise<void> => needs.item(label).waitFor({ state: 'detached' });
  const tabs = (): Locator => workbench.page.locator('.editor-group-container .tab');

  const noTab = (): Promise<void> => tabs().waitFor({ state: 'detached' });

  it('has what they are about', async () => {
    await workbench.openSidebar();
    await tasks.pane.locator('.pane-header').click();
    // One after the other: each starts a Codex.
    for (const [name, task, label] of asked) {
      await town.made.tell(name, task);
      await needs.item(`${name}: ${label}`).waitFor();
    }
    await town.made.tell('digger', 'Dig a canal');
    await agents
      .description('digger')
      .getByText(/^working/)
      .waitFor();
  });

  it('answer requests from the title of their documents', async () => {
    const pressed = new Set<string>();
    const press = async (row: string, command: string, outcome: Outcome): Promise<void> => {
      const title = contributed.title(`tinytown.${command}`);
      pressed.add(`tinytown.${command}`);
      // A row offers its request as a button where all of it can be approved there; a click on the row always opens it.
      if (row.startsWith('builder')) await needs.clickInline(row, 'Open Request');
      else await needs.select(row);
      // A button of a command with a key names that, too.
      const [alone, withKey] = [JSON.stringify(title), JSON.stringify(`${title} (`)];
      const label = `.editor-actions .action-label`;
      await workbench.page.locator(`${label}[aria-label=${alone}], ${label}[aria-label^=${withKey}]`).click();
      await outcomeSeen(workbench, title, outcome);
    };
    const nextIs = (number: number) => async (): Promise<void> => {
      await isOn(build(number))();
      await noTab();
    };
    await press(build(1), 'declineAndSay', { asks: 'Decline and Tell builder Why' });
    await workbench.screenshots('rows-request');
    await press(build(1), 'approve', { until: nextIs(2) });
    await press(build(2), 'decline', { until: nextIs(3) });
    await press('writer: Add menu.md', 'approveForSession', { until: noTab });
    const commands = contributed.menus['editor/title'].map(({ command }) => command);
    assert.deepEqual([...pressed].toSorted(), commands.toSorted());
  });

  /** Presses the keys of a command, which the manifest says. @param view The view that has the focus, if it must. */
  async function pressKeys(command: string, view: string | undefined, outcome: Outcome): Promise<void> {
    const isMeant = (when = ''): boolean => view === undefined || when.includes(`tinytown.${view} `);
    const binding = contributed.keybindings.find((one) => one.command === `tinytown.${command}` && isMeant(one.when));
    assert.ok(binding, `${command} has no key in ${view ?? 'the window'}`);
    keysPressed.add(`${binding.command} ${binding.when ?? ''}`);
    for (const keys of binding.key.split(' ')) {
      const parts = keys.split('+').map((part) => keyNames[part] ?? part);
      await workbench.page.keyboard.press(parts.join('+'));
    }
    await outcomeSeen(workbench, binding.key, outcome);
  }

  /** Goes from one row that waits to the next until the keyboard is at this one. */
  async function goTo(label: string): Promise<void> {
    await eventually(async () => {
      const before = await focused(needs).innerText({ timeout: 1_000 });
      if (before === label) return true;
      const moved = (): Promise<unknown> => eventually(async () => (await focused(needs).innerText()) !== before);
      await pressKeys('nextNeed', 'needsYou', { until: moved });
      return false;
    });
  }

  it('answer and approve by keys', async () => {
    await workbench.openSidebar('Explorer');
    await pressKeys('nextNeed', undefined, { until: () => focused(needs).waitFor() });
    await goTo('painter: Which color?');
    // The key that approves opens the answer of what needs one.
    await pressKeys('approve', 'needsYou', { asks: 'Color' });
    await goTo('painter: Which color?');
    await pressKeys('answer', 'needsYou', { asks: 'Color' });
    await goTo(build(3));
    await pressKeys('approve', 'needsYou', { until: isOn(build(4)) });
    await goTo(build(4));
    await pressKeys('decline', 'needsYou', { until: isOn(build(5)) });
    await needs.select('clerk: Add bill.md');
    await tabs().filter({ hasText: 'bill.md' }).waitFor();
    await pressKeys('nextNeed', undefined, { until: () => focused(needs).waitFor() });
    await goTo('clerk: Add bill.md');
    await pressKeys('approveForSession', 'needsYou', { until: gone('clerk: Add bill.md') });
    await goTo('painter: Which color?');
    const until = gone('painter: Which color?');
    await pressKeys('approve', 'needsYou', { asks: 'Color', answer: { pick: 'Green' }, until });
  });

  it('move tasks, and steer and interrupt agents by keys', async () => {
    const order = (...letters: string[]) => orderIs(workbench, 'Tasks', 'Task', ...letters);
    await tasks.select('Task B');
    await tabs().filter({ hasText: 'Task: Task B' }).waitFor();
    await pressKeys('moveTaskUp', 'tasks', { until: order('B', 'A', 'C') });
    await pressKeys('moveTaskDown', 'tasks', { until: order('A', 'B', 'C') });
    await closeEditors(workbench);
    await agents.select('digger');
    await pressKeys('steer', 'agents', { asks: 'Steer digger' });
    const interrupted = (): Promise<void> =>
      agents
        .description('digger')
        .getByText(/interrupted/)
        .waitFor();
    await pressKeys('interrupt', 'agents', { until: interrupted });
    await pressKeys('showAgents', undefined, { asks: 'Agents of press' });
  });

  /** Chooses the one entry that is ours from this menu. */
  async function choose(
    on: Locator,
    menu: 'editor/context' | 'editor/title/context' | 'explorer/context',
  ): Promise<void> {
    const [entry, ...more] = contributed.menus[menu];
    assert.ok(entry && more.length === 0, `${menu} has other entries`);
    const title = contributed.title(entry.command);
    await on.click({ button: 'right' });
    const choice = workbench.page.locator('.context-view .action-menu-item').filter({ hasText: title });
    await choice.waitFor();
    await eventually(async () => {
      // A menu ignores clicks in its first moments.
      if ((await choice.count()) > 0) await choice.click({ timeout: 1_000 });
      await workbench.quickInput.widget.waitFor({ timeout: 1_000 });
      return true;
    });
  }

  it('send what is selected, by a key and from menus, and attach files', async () => {
    const { page, quickInput } = workbench;
    await page.keyboard.press('Control+p');
    await quickInput.type('lamps.txt');
    await quickInput.pick('lamps.txt');
    const line = page.locator('.monaco-editor .view-line').getByText('Two').first();
    await line.click();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await pressKeys('sendSelection', undefined, { asks: 'Send Selection to Agent' });
    await choose(line, 'editor/context');
    await outcomeSeen(workbench, 'the menu of the editor', { asks: 'Send Selection to Agent' });
    await choose(tabs(), 'editor/title/context');
    await outcomeSeen(workbench, 'the menu of the tab', { asks: 'Attach lamps.txt to a Message' });
    await workbench.openSidebar('Explorer');
    const file = page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'tinytown.toml' });
    await choose(file, 'explorer/context');
    await outcomeSeen(workbench, 'the menu of the Explorer', { asks: 'Attach tinytown.toml to a Message' });
    const all = contributed.keybindings.map(({ command, when = '' }) => `${command} ${when}`);
    assert.deepEqual([...keysPressed].toSorted(), all.toSorted(), 'every key is pressed');
  });

  it('go on from the status bar', async () => {
    await workbench.statusBar(/need you|needs you/).click();
    await focused(needs).waitFor();
    // Then nothing waits.
    await needs.contextMenu(build(5), 'Interrupt Turn', { by: 'mouse' });
    await gone(build(5))();
    for (const name of ['builder', 'digger']) {
      await agents.contextMenu(name, 'Discard Interrupted Work', { by: 'mouse' });
    }
    await workbench.statusBar(/\d idle/).click();
    await outcomeSeen(workbench, 'the status bar', { asks: 'Agents of press' });
  });

  it('follow the links of the walkthrough', async () => {
    const steps = contributed.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    const pressed: string[] = [];
    for (const { id, description } of steps) {
      const title = contributed.text(`walkthrough.${id}.title`);
      for (const { label } of linksOf(contributed.text(description))) {
        const outcome = walkthroughLinks[`${id} · ${label}`];
        assert.ok(outcome, `Nobody says what ${label} of the step ${id} does`);
        pressed.push(`${id} · ${label}`);
        await workbench.runCommand('Tinytown: Help');
        await workbench.quickInput.pick('Get Started');
        const step = workbench.page.locator('.getting-started-step').filter({ hasText: title });
        const link = step.getByRole('button', { name: label, exact: true });
        await eventually(async () => {
          if (!(await link.isVisible())) await step.getByText(title, { exact: true }).click({ timeout: 2_000 });
          await link.click({ timeout: 2_000 });
          return true;
        });
        if (pressed.length === 1) {
          // What was there before the page was opened is ticked.
          for (const name of ['codex', 'redis', 'folder']) {
            const done = contributed.text(`walkthrough.${name}.title`);
            const ticked = workbench.page.locator('.getting-started-step').filter({ hasText: done });
            await ticked.locator('.codicon-getting-started-step-checked').waitFor();
          }
          await workbench.screenshots('walkthrough');
        }
        await outcomeSeen(workbench, `${label} of the step ${id}`, outcome);
        await closeEditors(workbench);
      }
    }
    assert.deepEqual(pressed, Object.keys(walkthroughLinks));
  });
});
