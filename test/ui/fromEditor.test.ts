/** A person gives agents what is before them in the editor: a selection by key, files from the Explorer, a problem's quick fix. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { gate } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, spawnAgent, startUiTown, stepByStep } from './uiTown.ts';

describe('from the editor', () => {
  let town: UiTown;
  let workbench: Workbench;
  let agents: TreeView;
  const held = gate();

  before(async () => {
    town = await startUiTown();
    town.model.script = async (request) =>
      request.lastUserText.includes('Take your time')
        ? [{ text: 'I begin.' }, { hold: held.opened }, { exec: 'true' }]
        : completeTask(request);
    const folder = await town.folder('editor');
    await writeFile(path.join(folder, 'lamps.js'), 'const lamps = 1;\nconst lit = lamps;\nmodule.exports = lit;\n');
    await writeFile(path.join(folder, 'bad.json'), '{ "lamps": }\n');
    // Otherwise the Explorer selects a file alone as soon as it is open, whatever was selected meanwhile.
    const settings = { ...town.settings, 'explorer.autoReveal': false };
    workbench = await Workbench.open({ folder, settings });
    agents = workbench.view('Agents');
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
  });
  stepByStep('from-editor', () => [workbench]);

  async function told(text: string): Promise<string> {
    return (await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes(text))).lastUserText;
  }

  async function openFile(name: string): Promise<void> {
    await workbench.page.keyboard.press('Control+p');
    await workbench.quickInput.type(name);
    await workbench.quickInput.rows.filter({ hasText: name }).first().click();
    await workbench.page.locator('.monaco-editor .view-lines').getByText('lamps').first().waitFor();
  }

  it('goes what is selected, by a key, into the turn that runs', async () => {
    await workbench.openSidebar();
    await spawnAgent(workbench, 'idler', '');
    await agents.description('idler').getByText('idle').waitFor();
    await spawnAgent(workbench, 'worker', 'Take your time');
    await agents.item('I begin.').waitFor();
    await openFile('lamps.js');
    await workbench.page.locator('.monaco-editor .view-lines').getByText('lit').first().click();
    await workbench.page.keyboard.press('Control+Home');
    await workbench.page.keyboard.press('Shift+ArrowDown');
    await workbench.page.keyboard.press('Control+k');
    await workbench.page.keyboard.press('Control+g');
    const { quickInput } = workbench;
    await quickInput.rows.filter({ hasText: 'worker' }).waitFor();
    // The last one that was given work comes first.
    assert.match(await quickInput.rows.first().innerText(), /worker/);
    await workbench.screenshots('send-selection-agent');
    await quickInput.accept();
    await quickInput.widget.getByText('Send Selection to worker').waitFor();
    await quickInput.type('Leave this alone');
    await workbench.screenshots('send-selection-words');
    await quickInput.accept();
    await workbench.statusBar('Sent into the running turn of worker.').waitFor();
    await workbench.screenshots('selection-sent');
    const steered = await told('Leave this alone');
    held.open();
    assert.match(steered, /^Leave this alone[^]*Line 1 of `lamps\.js`:\n```javascript\nconst lamps = 1;\n\n```/);
  });

  it('go files, from the menu of the Explorer', async () => {
    await workbench.openSidebar('Explorer');
    const { page, quickInput } = workbench;
    const row = (name: string): ReturnType<typeof page.locator> =>
      page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name });
    await eventually(async () => {
      // A click is lost on an Explorer that has just come up and draws its files anew.
      await row('bad.json').click();
      await row('lamps.js').click({ modifiers: ['Control'] });
      const selected = page.locator('[aria-selected="true"]');
      for (const name of ['bad.json', 'lamps.js']) await row(name).and(selected).waitFor({ timeout: 3_000 });
      return true;
    });
    await row('lamps.js').click({ button: 'right' });
    const choice = page.locator('.context-view .action-menu-item').filter({ hasText: 'Attach to Agent Message…' });
    await choice.waitFor();
    await workbench.screenshot('explorer-menu');
    await choice.hover();
    await page.keyboard.press('Enter');
    await quickInput.pick('idler');
    await quickInput.widget.getByText('Attach 2 files to a Message').waitFor();
    await quickInput.type('Compare these two');
    await quickInput.accept();
    const text = await told('Compare these two');
    assert.match(text, /- `bad\.json`/);
    assert.match(text, /- `lamps\.js`/);
  });

  it('goes a problem, by its quick fix', async () => {
    const { page, quickInput } = workbench;
    await openFile('bad.json');
    await page.locator('.monaco-editor .squiggly-error').first().waitFor();
    await page.locator('.monaco-editor .view-lines').getByText('lamps').first().click();
    await page.keyboard.press('F8');
    const zone = page.locator('.marker-widget');
    await zone.waitFor();
    await page.keyboard.press('Escape');
    await zone.waitFor({ state: 'hidden' });
    await page.locator('.monaco-editor .codicon-light-bulb, .monaco-editor .lightBulbWidget').first().waitFor();
    await page.keyboard.press('Control+.');
    const fix = page.locator('.action-widget').getByText('Ask Agent to Fix…');
    await fix.waitFor();
    await workbench.screenshots('quick-fix');
    await fix.click();
    await quickInput.pick('idler');
    await quickInput.widget.getByText('Ask idler to Fix').waitFor();
    await quickInput.accept();
    assert.match(await told('Fix these problems.'), /in `bad\.json`\.[^]*line 1, column 12: error json\(\d+\): /);
  });

  it('goes a problem, from the menu of the Problems view', async () => {
    const { page, quickInput } = workbench;
    const requests = town.model.requests.length;
    await workbench.runCommand('Problems: Focus on Problems View');
    const marker = page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'Value expected' });
    // The menu has the fixes that are known when it opens; the bulb says that they are.
    await marker.click();
    await marker.locator('.codicon-light-bulb, .codicon-lightbulb').waitFor();
    await marker.click({ button: 'right' });
    const choice = page.locator('.context-view .action-menu-item').filter({ hasText: 'Ask Agent to Fix…' });
    await choice.waitFor();
    await workbench.screenshots('problems-menu');
    await choice.hover();
    await page.keyboard.press('Enter');
    await quickInput.pick('idler');
    await quickInput.widget.getByText('Ask idler to Fix').waitFor();
    await quickInput.type('Put 3 there');
    await quickInput.accept();
    const { lastUserText } = await town.model.waitForRequest(
      ({ index, lastUserText: text }) => index >= requests && text.includes('Put 3 there'),
    );
    assert.match(lastUserText, /in `bad\.json`\.[^]*line 1, column 12: error json\(\d+\): /);
  });
});
