/** The doctor as a person calls it when nothing works, and choosing a model for an agent. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, startUiTown, stepByStep } from './uiTown.ts';

describe('the doctor', () => {
  let town: UiTown;
  let workbench: Workbench;

  before(async () => {
    town = await startUiTown();
    const folder = await town.folder('sick');
    await writeFile(path.join(folder, 'tinytown.toml'), 'name = "sick"\n');
    const broken = { 'tinytown.codex.path': '/nowhere/codex', 'tinytown.redis.serverPath': '/nowhere/redis-server' };
    workbench = await Workbench.open({ folder, settings: { ...town.settings, ...broken } });
    await workbench.openSidebar();
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
  });
  stepByStep('doctor', () => [workbench]);

  /** The open document's lines, as far as they are in sight. */
  async function lines(): Promise<string> {
    const texts = await workbench.page.locator('.editor-instance .view-lines .view-line').allInnerTexts();
    return texts.join('\n').replaceAll('\u00A0', ' ');
  }

  it('says in a document what is wrong and what mends it, where no town can be opened', async () => {
    await workbench.view('Agents').welcome.getByText('Agents and their messages are stored in Redis').waitFor();
    await workbench.runCommand('Tinytown: Run Doctor');
    const text = await eventually(async () => {
      const shown = await lines();
      return /✓/.test(shown) && shown;
    });
    assert.match(text, /Tinytown Doctor: \d things are wrong/);
    assert.match(text, /✗ \/nowhere\/codex\s+was\s+not\s+found/);
    assert.match(text, /✗ There is no program at\s+\/nowhere\/redis-server/);
    assert.match(text, /→ /);
    await workbench.screenshots('doctor-sick');
  });

  it('says so when it is called again after all was mended', async () => {
    const mended = { ...town.settings, 'tinytown.redis.serverPath': '' };
    await workbench.changeSettings(mended);
    await workbench.view('Agents').welcome.getByText('No agents here yet.').waitFor();
    await workbench.runCommand('Tinytown: Run Doctor');
    await eventually(async () => /everything is in order/.test(await lines()));
    await workbench.screenshots('doctor-well');
  });

  it('is followed by work: a model is chosen by its name, and the next turn runs on it', async () => {
    const { quickInput, page } = workbench;
    const agents = workbench.view('Agents');
    await agents.welcome.getByRole('button', { name: 'New Agent' }).click();
    await quickInput.type('thinker');
    await quickInput.accept();
    await quickInput.input.and(page.getByPlaceholder('What should it do?')).waitFor();
    await quickInput.type('Say one');
    await quickInput.accept();
    const first = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Say one'));
    assert.equal(first.body.model, 'scripted');
    await agents.item('thinker').getByText('idle').waitFor();
    await agents.contextMenu('thinker', 'Choose Model…');
    await quickInput.rows.filter({ hasText: 'As Configured' }).waitFor();
    await workbench.screenshots('choose-model');
    await quickInput.type('gpt-5.5');
    await quickInput.pick('gpt-5.5');
    await quickInput.input.and(page.getByPlaceholder('Reasoning effort')).waitFor();
    await workbench.screenshots('choose-effort');
    await quickInput.pick('high');
    await agents.item('thinker').getByText('gpt-5.5').waitFor();
    await agents.clickInline('thinker', 'Assign Task');
    await quickInput.type('Say two');
    await quickInput.accept();
    const second = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Say two'));
    assert.equal(second.body.model, 'gpt-5.5');
    assert.deepEqual(second.userTexts.length, 2);
    await agents.item('thinker').getByText('idle').waitFor();
  });

  it('and the session’s facts are a click away, with what its processes take', async () => {
    const agents = workbench.view('Agents');
    await agents.expand('thinker');
    await agents.expand('Session');
    await agents
      .description('Process')
      .filter({ hasText: /^\d+ · \d+ MB in \d+ processes$/ })
      .waitFor();
    assert.match(await agents.description('Model').innerText(), /^gpt-5\.5, high$/);
    await workbench.screenshots('session-facts');
  });
});
