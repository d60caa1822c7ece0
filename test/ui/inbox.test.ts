/** A person changes their mind about messages that wait, and then sees each go its way: by mouse and keys, with the real codex. */
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { type ModelRequest, type Step, gate } from '../support/scriptedModel.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { startUiTown, stepByStep, type UiTown } from './uiTown.ts';

describe('a person and an inbox', () => {
  let town: UiTown;
  let redis: TestRedis;
  let workbench: Workbench;
  let agents: TreeView;

  before(async () => {
    town = await startUiTown();
    redis = await startTestRedis();
    const settings = { ...town.settings, 'tinytown.redis.url': redis.url };
    workbench = await Workbench.open({ folder: await town.folder('postroom'), settings });
    agents = workbench.view('Agents');
    await workbench.openSidebar();
    await agents.welcome.getByRole('button', { name: 'New Agent' }).click();
    await workbench.quickInput.type('courier');
    await workbench.quickInput.accept();
    await workbench.quickInput.widget.getByText('First task for courier').waitFor();
    await workbench.quickInput.accept();
    await stateIs('idle');
  });
  after(async () => {
    await workbench?.close();
    await redis?.stop();
    await town?.end();
  });
  stepByStep('inbox', () => [workbench]);

  const stateIs = (state: string): Promise<void> => agents.waitForState('courier', state, { only: true });

  async function send(text: string): Promise<void> {
    await agents.contextMenu('courier', 'Send Message…');
    await workbench.quickInput.type(text);
    await workbench.quickInput.accept();
    await workbench.quickInput.widget.waitFor({ state: 'hidden' });
  }

  async function says(label: string, words: string | RegExp): Promise<void> {
    await agents.description(label).getByText(words).waitFor();
  }

  /** Waits until these are the messages that wait, from top to bottom. */
  async function inboxIs(...labels: string[]): Promise<void> {
    await eventually(
      async () => {
        const queued = agents.items.filter({ has: workbench.page.locator('.label-description:text("queued")') });
        return (await queued.locator('.label-name').allInnerTexts()).join() === labels.join();
      },
      { what: labels.join() },
    );
  }

  it('edits, moves, promotes and removes what waits for a paused agent', async () => {
    await agents.contextMenu('courier', 'Pause Agent');
    await stateIs('paused');
    for (const text of ['Carry the parcels', 'Fetch the leters', 'Feed the horse', 'Sweep the yard']) await send(text);
    await agents.expand('courier');
    await says('Inbox', '4 waiting');
    await agents.expand('Inbox');
    await says('Fetch the leters', /^queued · you · (just now|\d+ min)$/);
    await agents.item('Fetch the leters').hover();
    await workbench.screenshots('inbox');

    await agents.clickInline('Fetch the leters', 'Edit Message');
    const box = workbench.quickInput.input;
    await eventually(async () => (await box.inputValue()) === 'Fetch the leters', { what: 'the text to edit' });
    await workbench.quickInput.type('Fetch the letters');
    await workbench.quickInput.accept();
    await agents.item('Fetch the letters').waitFor();

    await agents.contextMenu('Fetch the letters', 'Move Up');
    await inboxIs('Fetch the letters', 'Carry the parcels', 'Feed the horse', 'Sweep the yard');
    await agents.contextMenu('Fetch the letters', 'Move Down');
    await inboxIs('Carry the parcels', 'Fetch the letters', 'Feed the horse', 'Sweep the yard');
    await agents.contextMenu('Fetch the letters', 'Move Down');
    await inboxIs('Carry the parcels', 'Feed the horse', 'Fetch the letters', 'Sweep the yard');

    await workbench.drag(agents.item('Sweep the yard'), agents.item('Carry the parcels'));
    await inboxIs('Sweep the yard', 'Carry the parcels', 'Feed the horse', 'Fetch the letters');
    await workbench.drag(agents.item('Sweep the yard'), agents.item('Fetch the letters'));
    await inboxIs('Carry the parcels', 'Feed the horse', 'Fetch the letters', 'Sweep the yard');

    await agents.clickInline('Fetch the letters', 'Send Now');
    await says('Fetch the letters', /^queued, urgent ·/);
    await says('Inbox', '4 waiting · 1 urgent');
    await agents.clickInline('Sweep the yard', 'Remove Message');
    await workbench.dialog().getByText('Remove the message “Sweep the yard”?').waitFor();
    await workbench.dialog().getByRole('button', { name: 'Remove' }).click();
    await inboxIs('Fetch the letters', 'Carry the parcels', 'Feed the horse');
    await workbench.screenshots('inbox-changed');
  });

  it('sees the receipts pass when the agent goes on, and a steer on its way', async () => {
    const [first, second] = [gate(), gate()];
    const steps: (() => Step[])[] = [
      () => [{ text: 'I saddle up.' }, { hold: first.opened }, { exec: 'true' }],
      () => [{ text: 'Off again.' }, { hold: second.opened }],
    ];
    town.model.script = ({ index }: ModelRequest) => steps[index]?.() ?? [{ text: 'Done.' }];
    await agents.contextMenu('courier', 'Resume Agent');
    await says('Fetch the letters', /^delivered ·/);
    const { lastUserText } = await town.model.waitForRequest(({ index }) => index === 0);
    assert.match(lastUserText, /URGENT[^]*Fetch the letters[^]*Carry the parcels[^]*Feed the horse/);
    assert.doesNotMatch(lastUserText, /leters|Sweep/);
    await send('Mind the ice');
    await says('Mind the ice', /^queued ·/);
    await agents.clickInline('Mind the ice', 'Send Now');
    // Codex asks the model anew for it, and drops the answer that is under way.
    await town.model.waitForRequest(({ userTexts }) => userTexts.some((text) => text.includes('Mind the ice')));
    await eventually(async () => (await agents.items.getByText('delivered · you').count()) === 4);
    first.open();
    await workbench.screenshots('inbox-delivered');
    second.open();
    await stateIs('idle');
    await says('Settled', 'last 4');
    await agents.expand('Settled');
    await says('Mind the ice', /^you · (just now|\d+ min)$/);
    await workbench.screenshots('inbox-settled');
  });

  it('finds the receipts again after a reload, and decides about what was held, by its own row', async () => {
    town.model.script = () => [{ text: 'On my way.' }, { hold: gate().opened }];
    await send('Cross the river');
    await agents.item('On my way.').waitFor();
    await agents.clickInline('courier', 'Interrupt Turn');
    await stateIs('idle, interrupted');
    await says('Cross the river', /^held · you · (just now|\d+ min) · The turn was interrupted\.$/);
    await says('Inbox', '1 held');
    await agents.item('Cross the river').hover();
    await workbench.screenshots('inbox-held');
    await workbench.reload();
    await workbench.openSidebar();
    await agents.expand('courier');
    await agents.expand('Inbox');
    await says('Cross the river', /^held · you/);
    await says('Settled', 'last 4');
    town.model.script = () => [{ text: 'Across.' }];
    await agents.clickInline('Cross the river', 'Run Interrupted Work Again');
    await says('Settled', 'last 5');
    await stateIs('idle');
  });

  it('is told where a turn cannot be steered, and that the message waits', async () => {
    const held = gate();
    await agents.contextMenu('courier', 'Toggle Persistent / One-Shot');
    await stateIs('idle · one-shot');
    town.model.script = () => [{ text: 'One at a time.' }, { hold: held.opened }];
    await send('Carry this alone');
    await stateIs('working · one-shot');
    await agents.clickInline('courier', 'Steer');
    await workbench.quickInput.type('And this');
    await workbench.quickInput.accept();
    await workbench
      .notifications(/courier runs one-shot and can’t be steered\. Your message waits for the next turn/)
      .waitFor();
    await says('And this', /^queued, urgent/);
    await workbench.screenshot('inbox-not-steered');
    held.open();
    await stateIs('idle · one-shot');
  });

  it('need not type again what could not be sent', async () => {
    const away = workbench.page.getByText(/cannot be reached.*Work then continues automatically/).first();
    await redis.kill();
    await away.waitFor();
    await send('Take the long way round');
    await workbench.notifications('cannot be reached').waitFor();
    await redis.restart();
    await away.waitFor({ state: 'hidden' });
    await agents.contextMenu('courier', 'Send Message…');
    const box = workbench.quickInput.input;
    await eventually(async () => (await box.inputValue()) === 'Take the long way round', {
      what: 'the text typed before',
    });
    await workbench.screenshot('inbox-unsent');
    await workbench.quickInput.accept();
    await town.model.waitForRequest(({ lastUserText }) => lastUserText.includes('Take the long way round'));
    await agents.contextMenu('courier', 'Send Message…');
    await workbench.quickInput.input.waitFor();
    assert.equal(await box.inputValue(), '', 'what was sent is not offered again');
    await workbench.quickInput.cancel();
  });
});
