/**
 * The journey of the impatient: three agents, two approvals and a question pending, answered with the keyboard alone in under
 * ten key presses each, and a reload in between. Each test goes on where the one before it ended.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { COLUMNS, columnsOf } from '../../src/ui/needs/approvedRows.ts';
import { eventually } from '../support/eventually.ts';
import type { ModelRequest, Step } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, spawnAgent, startUiTown, stepByStep } from './uiTown.ts';

const MOST_PRESSES = 9;

const lamp = 'The lamp is off.\nIt hangs in the hall.\n';
const patch = `*** Begin Patch
*** Update File: lamp.txt
@@
-The lamp is off.
+The lamp is on.
 It hangs in the hall.
*** End Patch`;

const questions = [
  {
    id: 'q',
    header: 'Colour',
    question: 'What color should the door be?',
    options: [
      { label: 'Red', description: 'As it was.' },
      { label: 'Green', description: 'Like the garden.' },
    ],
  },
];

/** A tool server that asks people itself. */
const askingServer = `
[mcp_servers.asking]
command = ${JSON.stringify(process.execPath)}
args = [${JSON.stringify(path.resolve(import.meta.dirname, '../support/askingTools.ts'))}]
default_tools_approval_mode = "approve"
`;

/** What each agent asks for in its task. */
const asks: Record<string, Step> = {
  'Build the house': { exec: 'touch built.txt', escalate: 'The build writes outside of the workspace.' },
  'Light the lamp': { exec: `apply_patch <<'EOF'\n${patch}\nEOF` },
  'Book the journey': { tool: { name: 'form', namespace: 'mcp__asking', arguments: {} } },
  'Sign in to travel': { tool: { name: 'link', namespace: 'mcp__asking', arguments: {} } },
  'Paint the door': { tool: { name: 'request_user_input', arguments: { questions } } },
};

describe('what needs a person', () => {
  let town: UiTown;
  let folder: string;
  let workbench: Workbench;
  let needs: TreeView;
  let badge: Locator;
  let presses = 0;

  before(async () => {
    town = await startUiTown();
    folder = await town.folder('hall');
    await writeFile(path.join(folder, 'lamp.txt'), lamp);
    town.model.script = (request: ModelRequest) => {
      const text = request.userTexts.join('\n');
      const asked = Object.entries(asks).find(([task]) => text.includes(task))?.[1];
      if (asked && request.toolOutputs.length === 0) return [asked];
      return completeTask({ ...request, toolOutputs: request.toolOutputs.slice(1) });
    };
    await appendFile(path.join(town.codexHome, 'config.toml'), askingServer);
    const settings = { 'tinytown.codex.sandbox': 'workspace-write', 'tinytown.codex.approvalPolicy': 'untrusted' };
    workbench = await Workbench.open({ folder, settings: { ...town.settings, ...settings } });
    needs = workbench.view('Needs You');
    badge = workbench.page.locator('.activitybar .action-item:has([aria-label^="Tinytown"]) .badge-content');
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
  });
  beforeEach(() => {
    presses = 0;
  });
  stepByStep('needs-you', () => [workbench]);

  async function press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      presses += 1;
      await workbench.page.keyboard.press(key);
    }
  }

  /** The row that the keyboard is at; empty for none. */
  async function place(): Promise<string> {
    const row = needs.pane.locator('.monaco-list:focus-within .monaco-list-row.focused');
    return (await row.locator('.label-name').allInnerTexts()).join();
  }

  async function isAt(label: string): Promise<boolean> {
    return (await place()) === label;
  }

  /** Goes on by `keys` until the keyboard is at this row, which it is not yet. */
  async function goTo(label: string, ...keys: string[]): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      const before = await place();
      await press(...keys);
      await eventually(async () => ![before, ''].includes(await place()), { what: `away from “${before}”` });
      if (await isAt(label)) return;
    }
    assert.fail(`The keyboard does not come to “${label}”.`);
  }

  it('is told of the first one by a notification, as the view is not in sight', async () => {
    await workbench.openSidebar();
    await workbench.view('Agents').welcome.getByRole('button', { name: 'New Agent' }).waitFor();
    await spawnAgent(workbench, 'builder', '');
    await workbench.view('Agents').description('builder').getByText('idle').waitFor();
    await workbench.openSidebar('Explorer');
    await workbench.runCommand('Tinytown: Assign Task…');
    await workbench.quickInput.widget.getByText('Task for builder').waitFor();
    await workbench.quickInput.type('Build the house');
    await workbench.quickInput.accept();
    const notification = workbench.notifications('builder: Run touch built.txt');
    await notification.waitFor();
    const buttons = await notification.getByRole('button').allInnerTexts();
    assert.deepEqual(buttons.filter(Boolean), ['Approve', 'Decline', 'Open Request']);
    await workbench.statusBar('1 needs you').waitFor();
    await workbench.screenshots('needs-you-notification');
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('shows what three agents wait for, in one place', async () => {
    await workbench.openSidebar();
    await needs.item('builder: Run touch built.txt').waitFor();
    await spawnAgent(workbench, 'lighter', 'Light the lamp');
    await needs.item('lighter: Change lamp.txt').waitFor();
    await spawnAgent(workbench, 'painter', 'Paint the door');
    await needs.item('painter: What color should the door be?').waitFor();
    await workbench.statusBar('3 need you').waitFor();
    const rows = [
      'builder: Run touch built.txt',
      'touch built.txt',
      'The build writes outside of the workspace.',
      'lighter: Change lamp.txt',
      'lamp.txt changed · +1 −1',
      'painter: What color should the door be?',
      'Red As it was.',
      'Green Like the garden.',
    ];
    await eventually(async () => {
      const texts = await needs.texts();
      assert.deepEqual(
        texts.map((text) => text.replace(/ (just now|\d+ min)$/, '')),
        rows,
      );
      return true;
    });
    assert.equal(await workbench.notifications().count(), 0);
    await badge.getByText('3', { exact: true }).waitFor();
    await workbench.view('Agents').description('builder').getByText('waiting for you').waitFor();
    await workbench.screenshots('needs-you');
  });

  it('has room for every row of what is to be approved in a sidebar of 250 pixels', async () => {
    const label = needs.item('touch built.txt').locator('.label-name');
    const characters = [...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)), 'Ж', '漢', '😀'];
    const font: string = await label.evaluate('(element) => getComputedStyle(element).font');
    const widths: number[] = await workbench.page.evaluate(`(() => {
      const context = document.createElement('canvas').getContext('2d');
      context.font = ${JSON.stringify(font)};
      return ${JSON.stringify(characters)}.map((character) => context.measureText(character).width);
    })()`);
    const column = Math.max(...characters.map((character, index) => (widths[index] ?? 0) / columnsOf(character)));
    const [row, pane] = [await label.boundingBox(), await needs.pane.boundingBox()];
    assert.ok(row && pane);
    const right = row.x - pane.x + COLUMNS * column;
    // The rest is the scroll bar's.
    assert.ok(column > 5 && right <= 240, `The widest row ends at ${right} pixels, at ${column} a column.`);
  });

  it('offers no approval in rows that the workspace has moved to the right', async () => {
    const row = needs.item('builder: Run touch built.txt');
    const approve = row.locator('.actions .action-label[aria-label^="Approve"]');
    await row.hover();
    await approve.waitFor();
    const settings = path.join(folder, '.vscode/settings.json');
    await mkdir(path.dirname(settings), { recursive: true });
    await writeFile(settings, '{ "workbench.tree.indent": 40 }');
    await approve.waitFor({ state: 'detached' });
    await rm(settings);
    await row.hover();
    await approve.waitFor();
  });

  it('approves a command from anywhere, at the row where the arrow keys are', async () => {
    await press('Control+k', 'Control+y');
    await eventually(() => isAt('builder: Run touch built.txt'));
    await workbench.screenshots('needs-you-next');
    await press('Control+k', 'Control+y');
    await eventually(() => isAt('lighter: Change lamp.txt'));
    await goTo('builder: Run touch built.txt', 'ArrowUp');
    await press('Control+Enter');
    await eventually(() => existsSync(path.join(folder, 'built.txt')));
    await needs.item('builder: Run touch built.txt').waitFor({ state: 'detached' });
    assert.ok(presses <= MOST_PRESSES, `${presses} key presses`);
    await workbench.view('Agents').description('builder').getByText('idle').waitFor();
  });

  it('asks again after a reload', async () => {
    await workbench.reload();
    await workbench.openSidebar();
    await needs.item('lighter: Change lamp.txt').waitFor();
    await needs.item('painter: What color should the door be?').waitFor();
    await workbench.statusBar('2 need you').waitFor();
  });

  it('looks at a change, comes back to it, and approves it', async () => {
    // Which of the two has asked first after the reload is not fixed.
    const other = 'painter: What color should the door be?';
    await press('Control+k', 'Control+y');
    await eventually(async () => (await isAt('lighter: Change lamp.txt')) || (await isAt(other)));
    if (await isAt(other)) await goTo('lighter: Change lamp.txt', 'Control+k', 'Control+y');
    await press('Enter');
    const changed = workbench.page.locator('.monaco-diff-editor .editor.modified .view-line').first();
    await eventually(async () => /^The lamp is on\.$/.test((await changed.innerText()).replace(/\s/g, ' ')));
    await workbench.screenshots('needs-you-diff');
    await workbench.page.mouse.move(900, 700);
    await workbench.screenshot('needs-you', { forReadme: true });
    assert.equal(await readFile(path.join(folder, 'lamp.txt'), 'utf8'), lamp);
    // Back at what was just looked at.
    await press('Control+k', 'Control+y');
    await eventually(() => isAt('lighter: Change lamp.txt'));
    await press('Control+Enter');
    await eventually(async () => /is on/.test(await readFile(path.join(folder, 'lamp.txt'), 'utf8')));
    assert.ok(presses <= MOST_PRESSES, `${presses} key presses`);
    assert.equal(await needs.item('painter: What color should the door be?').count(), 1);
  });

  it('answers a question by its options', async () => {
    await press('Control+k', 'Control+y');
    await eventually(() => isAt('painter: What color should the door be?'));
    await press('Enter');
    await workbench.quickInput.rows.filter({ hasText: 'Green' }).waitFor();
    await workbench.screenshots('needs-you-question');
    await press('ArrowDown', 'Enter');
    const { toolOutputs } = await town.model.waitForRequest(
      ({ userTexts, toolOutputs: outputs }) => outputs.length === 1 && userTexts.join('\n').includes('Paint the door'),
    );
    assert.match(toolOutputs[0] ?? '', /Green/);
    assert.ok(presses <= MOST_PRESSES, `${presses} key presses`);
  });

  it('says that nothing is left, once the reports are read', async () => {
    await eventually(async () => (await needs.texts()).join() === 'To read ● 3');
    await workbench.statusBar('3 idle').waitFor();
    await badge.waitFor({ state: 'hidden' });
    await needs.expand('To read');
    await workbench.screenshots('needs-you-to-read');
    await needs.clickInline('To read', 'Dismiss Message');
    await needs.welcome.getByText('Nothing needs your attention.').waitFor();
    await workbench.screenshots('needs-you-nothing');
  });

  it('steers the agent that the keyboard is on, whichever was clicked before', async () => {
    const agents = workbench.view('Agents');
    await agents.select('lighter');
    const at = agents.pane.locator('.monaco-list:focus-within .monaco-list-row.focused .label-name');
    for (let rows = 0; rows < 10 && (await at.innerText()) !== 'builder'; rows += 1) {
      await workbench.page.keyboard.press('ArrowUp');
    }
    await workbench.page.keyboard.press('Control+Enter');
    await workbench.quickInput.widget.getByText(/^Steer (builder|lighter)$/).waitFor();
    assert.equal(await workbench.quickInput.widget.getByText('Steer builder').count(), 1);
    await workbench.quickInput.cancel();
    assert.equal(await agents.item('lighter').getAttribute('aria-selected'), 'true');
  });

  /** What the model was told of the tool's answer in this task. */
  async function answered(task: string): Promise<string> {
    const { toolOutputs } = await town.model.waitForRequest(
      ({ userTexts, toolOutputs: outputs }) => outputs.length === 1 && userTexts.join('\n').includes(task),
    );
    return toolOutputs[0] ?? '';
  }

  it('fills in the form of a tool, goes back, and corrects an answer before it is sent', async () => {
    await spawnAgent(workbench, 'traveller', 'Book the journey');
    await needs.item('traveller: Where to?').waitFor();
    await needs.clickInline('traveller: Where to?', 'Answer');
    const { quickInput } = workbench;
    await quickInput.widget.getByText('Where to? · City (1/4)').waitFor();
    // Text of others, and nothing but text.
    await quickInput.message.getByText('[rail]').waitFor();
    assert.equal(await quickInput.message.locator('a, .codicon').count(), 0);
    await quickInput.type('X');
    await quickInput.message.getByText('Type at least 2 characters.').waitFor();
    await workbench.screenshots('needs-you-form');
    await quickInput.type('Rome');
    await quickInput.accept();
    await quickInput.pick('second');
    await quickInput.widget.getByText('Where to? · seats (3/4)').waitFor();
    await quickInput.accept();
    await quickInput.widget.getByText('Where to? · Window seat (4/4)').waitFor();
    await quickInput.back();
    await quickInput.widget.getByText('Where to? · seats (3/4)').waitFor();
    assert.equal(await quickInput.input.inputValue(), '2');
    await quickInput.accept();
    await quickInput.pick('Skip');
    await quickInput.rows.filter({ hasText: 'Send' }).waitFor();
    await workbench.screenshots('needs-you-form-summary');
    await quickInput.pick('City');
    await quickInput.widget.getByText('Where to? · City (1/4)').waitFor();
    assert.equal(await quickInput.input.inputValue(), 'Rome');
    await quickInput.type('Pisa');
    await quickInput.accept();
    await quickInput.rows.filter({ hasText: 'City' }).filter({ hasText: 'Pisa' }).waitFor();
    await quickInput.accept();
    const told = (await answered('Book the journey')).replaceAll('\\', '');
    assert.match(told, /"accept".*\{"city":"Pisa","class":"second","seats":2\}/);
  });

  it('shows where a link leads before it opens it', async () => {
    await spawnAgent(workbench, 'guest', 'Sign in to travel');
    await needs.item('guest: Sign in there').waitFor();
    await needs.clickInline('guest: Sign in there', 'Answer');
    await workbench.dialog().getByText('https://example.com/sign-in').waitFor();
    await workbench.screenshots('needs-you-link');
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await needs.clickInline('guest: Sign in there', 'Decline');
    assert.match(await answered('Sign in to travel'), /decline/);
  });
});
