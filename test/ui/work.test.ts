/**
 * The way of a person through the extension, by mouse and keys, with the real codex and a scripted model: each test goes on
 * where the one before it ended.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../support/eventually.ts';
import { type ModelRequest, type Step, echoScript, gate } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench } from '../support/workbench/workbench.ts';
import { processesLike, startUiTown, stepByStep, type UiTown } from './uiTown.ts';

describe('a person and an agent', () => {
  let town: UiTown;
  let folder: string;
  let workbench: Workbench;
  let agents: TreeView;

  before(async () => {
    town = await startUiTown();
    folder = await town.folder('lamplighter');
    workbench = await Workbench.open({ folder, settings: town.settings });
    agents = workbench.view('Agents');
  });
  after(async () => {
    await workbench?.close();
    await town?.end();
    assert.deepEqual(workbench?.processes(), [], 'something outlives the window');
  });
  stepByStep('work', () => [workbench]);

  /**
   * Answers requests of conversations about `about` by `steps` in turn, then completes the task and says so; completes every
   * other task at once.
   */
  function script(about: string, ...steps: (() => Step[] | Promise<Step[]>)[]): void {
    let next = 0;
    town.model.script = (request: ModelRequest) => {
      if (!request.userTexts.some((text) => text.includes(about))) return completeTask(request);
      next += 1;
      const step = steps[next - 1];
      if (step) return step();
      return next - 1 === steps.length ? completeTask({ ...request, toolOutputs: [] }) : echoScript(request);
    };
  }

  function requestAbout(text: string): Promise<ModelRequest> {
    return town.model.waitForRequest(({ lastUserText }) => lastUserText.includes(text));
  }

  it('is told in an empty folder what an agent is, and that New Agent makes one', async () => {
    await workbench.openSidebar();
    await agents.welcome.getByText('No agents work in this folder yet.').waitFor();
    await workbench.screenshots('no-town');
    assert.equal(existsSync(path.join(folder, 'tinytown.toml')), false);
  });

  it('comes there by the keyboard, too, and makes no town by looking', async () => {
    await workbench.openSidebar('Explorer');
    await workbench.page.keyboard.press('Control+K');
    await workbench.page.keyboard.press('Control+A');
    await agents.welcome.getByText('No agents work in this folder yet.').waitFor();
    assert.equal(existsSync(path.join(folder, 'tinytown.toml')), false);
  });

  it('spawns one by a click and a name', async () => {
    await agents.welcome.getByRole('button', { name: 'New Agent' }).click();
    await workbench.quickInput.type('supervisor');
    await workbench.quickInput.message.getByText(/reserved/).waitFor();
    await workbench.screenshot('name-refused');
    await workbench.quickInput.type('builder');
    await workbench.quickInput.accept();
    await workbench.quickInput.widget.getByText('First task for builder').waitFor();
    await workbench.quickInput.accept();
    await agents.waitForState('builder', 'idle', { only: true });
    assert.ok(existsSync(path.join(folder, 'tinytown.toml')));
    await workbench.screenshots('idle');
  });

  it('assigns a task and watches it being done, live', async () => {
    const held = gate();
    script(
      'Light the lamps',
      () => [{ text: 'I look at what is there first.' }, { exec: 'ls -a' }],
      () => [{ text: 'Now I write down when each lamp is lit.' }, addLamps],
      async () => [{ text: 'I check the times once more, ' }, { hold: held.opened }, { text: 'and they are right.' }],
    );
    await agents.clickInline('builder', 'Assign Task');
    await workbench.quickInput.type('Light the lamps');
    await workbench.quickInput.accept();
    await requestAbout('Light the lamps');
    await agents.waitForState('builder', 'working', { only: true });
    assert.match(await agents.description('builder').innerText(), /^working · Light the lamps$/);
    await agents.item('I look at what is there first.').waitFor();
    await agents
      .description('ls -a')
      .getByText(/^exit 0/)
      .waitFor();
    await agents.description('lamps.md').getByText('added').waitFor();
    await agents.item('I check the times once more,').waitFor();
    await workbench.statusBar('1 working').waitFor();
    await workbench.screenshots('working');
    await agents.item('lamps.md').click();
    await workbench.page.locator('.editor-instance').getByText('Harbour').waitFor();
    await workbench.page.mouse.move(900, 600);
    await workbench.screenshot('working', { forReadme: true });
    await workbench.runCommand('View: Close All Editors');
    held.open();
    await agents.waitForState('builder', 'idle', { only: true });
    await agents.item('Turn completed').waitFor();
    await workbench.statusBar('1 idle').waitFor();
    assert.ok(existsSync(path.join(folder, 'lamps.md')));
    await agents.item('builder').hover();
    await workbench.screenshots('done');
  });

  it('steers the turn that runs', async () => {
    const [beforeSteer, afterSteer] = [gate(), gate()];
    script(
      'Paint the bridge',
      async () => [{ text: 'Red it is.' }, { hold: beforeSteer.opened }, { exec: 'true' }],
      async () => [{ text: 'Blue, then.' }, { hold: afterSteer.opened }],
    );
    await workbench.runCommand('Tinytown: Assign Task…');
    await workbench.quickInput.type('Paint the bridge');
    await workbench.quickInput.accept();
    await agents.item('Red it is.').waitFor();
    await agents.clickInline('builder', 'Steer');
    await workbench.quickInput.type('Blue would be better');
    await workbench.quickInput.accept();
    await agents.description('Blue would be better').getByText('delivered').waitFor();
    // The steer is in the conversation of the turn that still runs, behind the task.
    const steered = await requestAbout('Blue would be better');
    assert.match(steered.userTexts.at(-2) ?? '', /Paint the bridge/);
    await agents.waitForState('builder', 'working', { only: true });
    await workbench.screenshots('steered');
    beforeSteer.open();
    afterSteer.open();
    await agents.waitForState('builder', 'idle', { only: true });
  });

  it('interrupts a turn, sees the work that is held, and runs it again', async () => {
    const forever = gate();
    script('Dig a canal', async () => [{ text: 'I dig.' }, { hold: forever.opened }]);
    await agents.clickInline('builder', 'Assign Task');
    await workbench.quickInput.type('Dig a canal');
    await workbench.quickInput.accept();
    await agents.item('I dig.').waitFor();
    await agents.clickInline('builder', 'Interrupt Turn');
    await agents.waitForState('builder', 'idle, interrupted', { only: true });
    await agents.description('Inbox').getByText('1 held').waitFor();
    await workbench.statusBar('1 needs you').waitFor();
    await agents.item('Inbox').hover();
    await workbench.screenshots('held');
    const before = town.model.requests.length;
    await agents.clickInline('Inbox', 'Run Interrupted Work Again');
    await town.model.waitForRequest(
      ({ index, lastUserText }) => index >= before && lastUserText.includes('Dig a canal'),
    );
    await agents.waitForState('builder', 'idle', { only: true });
    forever.open();
  });

  it('switches it to one-shot and back: the row says so', async () => {
    await agents.contextMenu('builder', 'Toggle Persistent / One-Shot');
    await agents.waitForState('builder', 'idle · one-shot', { only: true });
    await workbench.screenshots('one-shot');
    await workbench.runCommand('Tinytown: Send Message…');
    await workbench.quickInput.type('In one shot, please');
    await workbench.quickInput.accept();
    await requestAbout('In one shot, please');
    await agents.waitForState('builder', 'idle · one-shot', { only: true });
    await agents.contextMenu('builder', 'Toggle Persistent / One-Shot');
    await agents.waitForState('builder', 'idle', { only: true });
    await eventually(async () => !(await agents.description('builder').innerText()).includes('one-shot'));
  });

  it('reloads the window and finds everything again: the agent, its tasks and its conversation', async () => {
    await workbench.reload();
    await workbench.openSidebar();
    await agents.waitForState('builder', 'idle', { only: true });
    await workbench.screenshots('reloaded');
    await workbench.runCommand('Tinytown: Send Message…');
    await workbench.quickInput.type('Do you remember?');
    await workbench.quickInput.accept();
    const request = await requestAbout('Do you remember?');
    const conversation = request.userTexts.join('\n');
    for (const earlier of ['Light the lamps', 'Blue would be better', 'Dig a canal']) {
      assert.ok(conversation.includes(earlier), `${earlier} is forgotten`);
    }
    await agents.waitForState('builder', 'idle', { only: true });
  });

  it('loses the extension host in the middle of a turn: nothing stays behind, and the turn is continued', async () => {
    const held = gate();
    script(
      'Count to a million',
      () => [{ text: 'One, two,' }, { exec: 'sleep 987' }],
      async () => {
        await held.opened;
        return [{ text: 'A million.' }];
      },
    );
    await agents.clickInline('builder', 'Assign Task');
    await workbench.quickInput.type('Count to a million');
    await workbench.quickInput.accept();
    const mine = /app-server|sleep 987/;
    const before = await eventually(() => {
      const found = processesLike(workbench, mine);
      return processesLike(workbench, /sleep 987/).length > 0 ? found : undefined;
    });
    const requests = town.model.requests.length;
    workbench.killExtensionHost();
    await workbench.newExtensionHost();
    const continued = await town.model.waitForRequest(({ index }) => index >= requests);
    assert.match(continued.lastUserText, /was cut off/);
    assert.match(continued.lastUserText, /Count to a million/);
    assert.match(continued.userTexts.join('\n'), /Do you remember\?/);
    const left = (): number[] => processesLike(workbench, mine).filter((pid) => before.includes(pid));
    await eventually(() => left().length === 0, { what: 'the end of all that ran before' });
    await agents.waitForState('builder', 'working', { only: true });
    await workbench.screenshots('continued');
    held.open();
    await agents.waitForState('builder', 'idle', { only: true });
  });

  it('opens a second window, which shows the same, can steer, and takes the agent over when the first closes', async () => {
    const [beforeSteer, afterSteer] = [gate(), gate()];
    const second = await workbench.secondWindow();
    try {
      const there = second.view('Agents');
      await second.openSidebar();
      await there.waitForState('builder', 'idle, another window', { only: true });
      script(
        'Ring the bell',
        async () => [{ text: 'Ding.' }, { hold: beforeSteer.opened }, { exec: 'true' }],
        async () => [{ text: 'Dong.' }, { hold: afterSteer.opened }],
      );
      await there.clickInline('builder', 'Assign Task');
      await second.quickInput.type('Ring the bell');
      await second.quickInput.accept();
      await agents.item('Ding.').waitFor();
      await there.waitForState('builder', 'working, another window', { only: true });
      await there.clickInline('builder', 'Steer');
      await second.quickInput.type('Ring it twice');
      await second.quickInput.accept();
      await agents.item('Ring it twice').waitFor();
      await second.screenshots('another-window');
      beforeSteer.open();
      await requestAbout('Ring it twice');
      afterSteer.open();
      await there.waitForState('builder', 'idle, another window', { only: true });
      await workbench.closeWindow();
      await there.waitForState('builder', 'idle', { only: true });
      await second.runCommand('Tinytown: Send Message…');
      await second.quickInput.type('Who runs you now?');
      await second.quickInput.accept();
      const request = await requestAbout('Who runs you now?');
      assert.match(request.userTexts.join('\n'), /Ring it twice/);
      await there.waitForState('builder', 'idle', { only: true });
    } catch (error) {
      await second.screenshot('failed-second');
      throw error;
    }
  });
});

/** How the model adds a file. */
const addLamps: Step = {
  exec: `apply_patch <<'EOF'
*** Begin Patch
*** Add File: lamps.md
+# When the lamps are lit
+
+| Lamp      | Lit at | Put out at |
+| --------- | ------ | ---------- |
+| Harbour   | 17:40  | 06:10      |
+| Old mill  | 17:55  | 23:00      |
*** End Patch
EOF`,
};

/** Waits until the agent's row says `state`, by itself or before its task. */
