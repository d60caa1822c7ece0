/** Signing in to Codex from the editor, offline: the real codex, a provider that asks for an account, a model that takes any key. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { type UiTown, startUiTown, stepByStep } from './uiTown.ts';

describe('signing in to Codex', () => {
  let town: UiTown;
  let workbench: Workbench;

  before(async () => {
    town = await startUiTown({ requiresAuth: true });
    const folder = await town.folder('account');
    await writeFile(path.join(folder, 'tinytown.toml'), 'name = "account"\n');
    workbench = await Workbench.open({ folder, settings: town.settings });
    await workbench.openSidebar();
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
  });
  stepByStep('account', () => [workbench]);

  it('starts no Codex before somebody wants one', async () => {
    await workbench.view('Agents').welcome.getByText('No agents here yet.').waitFor();
    assert.deepEqual(
      workbench.processes().filter(({ command }) => /app-server/.test(command)),
      [],
    );
  });

  it('says that Codex is not signed in before anything is typed', async () => {
    const { welcome } = workbench.view('Agents');
    await welcome.getByRole('button', { name: 'New Agent' }).click();
    await workbench.notifications('Codex is not signed in.').waitFor();
    await welcome.getByText('Codex isn’t signed in. Sign in so that agents can work.').waitFor();
    await workbench.screenshots('signed-out');
  });

  it('offers the ways to sign in, and gives one up when told to', async () => {
    await workbench.answerNotification('Codex is not signed in.', 'Sign In…');
    await workbench.quickInput.rows.filter({ hasText: 'With an API Key' }).waitFor();
    await workbench.screenshots('sign-in-ways');
    await workbench.quickInput.pick('In the Browser');
    await workbench.dialog().getByRole('button', { name: 'Cancel' }).click();
    await workbench.notifications('The page was not opened.').waitFor();
    await workbench.screenshots('sign-in-page');
    await workbench.answerNotification('The page was not opened.', 'Cancel');
    await workbench.notifications('The page was not opened.').waitFor({ state: 'hidden' });
    await workbench.view('Agents').welcome.getByText('Codex isn’t signed in.').waitFor();
  });

  it('signs in with an API key, which agents then work with', async () => {
    const { welcome } = workbench.view('Agents');
    await welcome.getByRole('button', { name: 'Sign In to Codex' }).click();
    await workbench.quickInput.pick('With an API Key');
    await workbench.quickInput.type('sk-ui-test-0123456789');
    await workbench.screenshot('sign-in-key');
    await workbench.quickInput.accept();
    await workbench.notifications('Codex is signed in: an API key.').waitFor();
    await welcome.getByRole('button', { name: 'New Agent' }).click();
    await workbench.quickInput.type('member');
    await workbench.quickInput.accept();
    await workbench.quickInput.input.and(workbench.page.getByPlaceholder('What should it do?')).waitFor();
    await workbench.quickInput.type('Say who you are');
    await workbench.quickInput.accept();
    const request = await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('who you are'));
    assert.equal(request.authorization, 'Bearer sk-ui-test-0123456789');
    await eventually(async () => /idle/.test(await workbench.view('Agents').description('member').innerText()));
    assert.doesNotMatch(await workbench.extensionLog(), /sk-ui-test/);
  });

  it('asks for a sign-in when an agent is refused, and lets it go on by itself then', async () => {
    const { model } = town;
    model.script = ({ authorization, lastUserText }) =>
      authorization.includes('second') ? [{ text: `done: ${lastUserText.slice(0, 60)}` }] : [{ error: 401 }];
    await workbench.view('Agents').clickInline('member', 'Assign Task');
    await workbench.quickInput.type('Count the stars');
    await workbench.quickInput.accept();
    const needs = workbench.view('Needs You');
    await needs.item('Sign in to Codex').waitFor();
    await workbench.view('Agents').item('member').getByText('waits for sign-in').waitFor();
    await workbench.screenshots('needs-sign-in');
    await needs.item('Sign in to Codex').click();
    await workbench.quickInput.rows.filter({ hasText: 'Continue as an API key' }).waitFor();
    await workbench.screenshot('sign-in-again');
    await workbench.quickInput.pick('With an API Key');
    await workbench.quickInput.type('sk-second-0123456789');
    await workbench.quickInput.accept();
    await needs.item('Sign in to Codex').waitFor({ state: 'hidden' });
    await model.waitForRequest(({ authorization }) => authorization.includes('second'));
    await workbench.view('Agents').item('member').getByText('idle').waitFor();
  });
});
