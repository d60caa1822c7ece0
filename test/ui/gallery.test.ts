/**
 * Agents in every state, in every theme; and what a person meets less often: notifications as the setting says, a secret
 * answer, a form with a list to pick from, and an answer out of a second window. Each test goes on where the one before ended.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RUNTIME_HOST } from '../../src/town/stores/leases.ts';
import type { AgentRecord, AgentState } from '../../src/town/records/records.ts';
import { openRedis } from '../../src/town/redis/connect.ts';
import { Town } from '../../src/town/town.ts';
import { SUPERVISOR_ID } from '../../src/town/keys.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { eventually } from '../support/eventually.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { type ModelRequest, type Step, gate } from '../support/scriptedModel.ts';
import { completeTask } from '../support/testTown.ts';
import { Workbench, allThemes } from '../support/workbench/workbench.ts';
import { type UiTown, startUiTown, stepByStep } from './uiTown.ts';

const askingServer = `
[mcp_servers.asking]
command = ${JSON.stringify(process.execPath)}
args = [${JSON.stringify(path.resolve(import.meta.dirname, '../support/askingTools.ts'))}]
default_tools_approval_mode = "approve"
`;

const secret = {
  id: 'word',
  header: 'Password',
  question: 'What is the word at the gate?',
  isSecret: true,
  options: [{ label: 'There is none', description: 'The gate is open.' }],
};

describe('a town in all its states', () => {
  let town: UiTown;
  let redis: TestRedis;
  let records: Town;
  let folder: string;
  let workbench: Workbench;
  const roof = gate();
  const forever = gate();

  /** What each conversation does first. */
  const firsts: Record<string, () => Step[]> = {
    'Mend the roof': () => [{ text: 'I look at the roof first.' }, { hold: roof.opened }, { text: 'Mended.' }],
    'Dig a canal': () => [{ text: 'I dig.' }, { hold: forever.opened }],
    'Build the house': () => [{ exec: 'touch built.txt', escalate: 'The build writes outside of the workspace.' }],
    'Build another house': () => [{ exec: 'touch other.txt', escalate: 'One more.' }],
    'Guard the gate': () => [{ tool: { name: 'request_user_input', arguments: { questions: [secret] } } }],
    'Pack the bags': () => [{ tool: { name: 'bags', namespace: 'mcp__asking', arguments: {} } }],
  };

  before(async () => {
    town = await startUiTown();
    redis = await startTestRedis();
    folder = await town.folder('gallery');
    await writeFile(path.join(folder, 'tinytown.toml'), 'name = "gallery"\n');
    await appendFile(path.join(town.codexHome, 'config.toml'), askingServer);
    town.model.script = (request: ModelRequest) => {
      const last = request.userTexts.at(-1) ?? '';
      const first = Object.entries(firsts).find(([task]) => last.includes(task))?.[1];
      if (first && request.toolOutputs.length === 0) return first();
      return completeTask({ ...request, toolOutputs: request.toolOutputs.slice(1) });
    };
    const at = await openRedis({ kind: 'url', source: 'setting', url: redis.url }, silentLogger);
    records = await Town.open(at, 'gallery', silentLogger);
    const settings = {
      ...town.settings,
      'tinytown.redis.url': redis.url,
      'tinytown.codex.sandbox': 'workspace-write',
      'tinytown.codex.approvalPolicy': 'untrusted',
    };
    await records.tasks.addToBacklog({ description: 'Paint the fence', tags: ['colour'] });
    workbench = await Workbench.open({ folder, settings });
    // A list draws only what is in sight.
    await workbench.page.setViewportSize({ width: 1280, height: 1400 });
  });
  after(async () => {
    await workbench?.close();
    records?.close();
    await redis?.stop();
    await town?.end();
  });
  stepByStep('gallery', () => [workbench]);

  async function agent(name: string, state: AgentState, fields: Partial<AgentRecord> = {}): Promise<string> {
    const now = new Date().toISOString();
    const id = randomUUID();
    await records.agents.create({
      id,
      name,
      spawnMode: 'fresh',
      agentType: 'worker',
      state,
      cli: 'codex',
      createdAt: now,
      lastHeartbeat: now,
      lastActiveAt: now,
      tasksCompleted: 0,
      roundsCompleted: 0,
      runtimeHost: RUNTIME_HOST,
      ...fields,
    });
    return id;
  }

  async function assign(name: string, task: string): Promise<void> {
    const found = (await records.agents.list()).agents.find((one) => one.name === name);
    await records.tasks.assign({ description: task }, found?.id ?? '', SUPERVISOR_ID);
  }

  /** Resolves when the window goes by the setting: it has its new colours, which were written later. */
  async function notify(when: 'needsYou' | 'all' | 'none'): Promise<void> {
    await workbench.changeSettings({ 'tinytown.notifications': when });
    for (const theme of ['light', 'dark'] as const) await workbench.setTheme(theme);
  }

  it('shows each state by its word and its icon, in every theme', async () => {
    const agents = workbench.view('Agents');
    const needs = workbench.view('Needs You');
    await workbench.openSidebar();
    for (const name of ['builder', 'digger', 'roofer']) await agent(name, 'starting');
    await assign('digger', 'Dig a canal');
    await agents.item('I dig.').waitFor();
    await agents.clickInline('digger', 'Interrupt Turn');
    await agents.description('digger').getByText('interrupted').waitFor();
    await assign('builder', 'Build the house');
    await needs.item('builder: Run touch built.txt').waitFor();
    await assign('roofer', 'Mend the roof');
    await agents.item('I look at the roof first.').waitFor();
    await agent('baker', 'error', { lastError: 'Codex did not start: no such file' });
    await agent('carver', 'cold');
    await agent('dyer', 'paused');
    await agent('elder', 'idle', { runtimeHost: undefined });
    await agent('farmer', 'stopped');
    for (const [name, words] of [
      ['baker', 'error'],
      ['builder', 'waiting for you'],
      ['carver', 'asleep'],
      ['dyer', 'paused'],
      ['elder', 'idle, external'],
      ['farmer', 'stopped'],
      ['roofer', 'working'],
    ] as const) {
      await agents.description(name).getByText(words).first().waitFor();
    }
    await workbench.view('Tasks').pane.locator('.pane-header').click();
    await workbench.view('Tasks').item('Mend the roof').waitFor();
    await workbench.page.mouse.move(900, 400);
    await workbench.screenshots('gallery', allThemes);
    await workbench.setTheme('dark');
  });

  it('lets every row be heard', async () => {
    for (const view of ['Needs You', 'Agents', 'Tasks']) {
      const rows = await workbench.view(view).items.all();
      assert.ok(rows.length > 0, view);
      for (const row of rows) assert.match((await row.getAttribute('aria-label')) ?? '', /\w/, await row.innerText());
    }
    const said = await workbench.view('Agents').item('builder').getAttribute('aria-label');
    assert.match(said ?? '', /^Agent builder, waiting for you, task: Build the house/);
  });

  it('takes an answer out of a second window', async () => {
    const second = await workbench.secondWindow();
    try {
      await second.openSidebar();
      const there = second.view('Needs You');
      await there.item('builder: Run touch built.txt').waitFor();
      await there.clickInline('builder: Run touch built.txt', 'Approve');
      await eventually(() => existsSync(path.join(folder, 'built.txt')));
      await workbench.view('Needs You').item('builder: Run touch built.txt').waitFor({ state: 'detached' });
      await there.item('builder: Run touch built.txt').waitFor({ state: 'detached' });
    } finally {
      await second.closeWindow();
    }
  });

  it('notifies of a turn that is over only where the setting says “all”', async () => {
    await workbench.runCommand('Notifications: Clear All Notifications');
    await notify('all');
    roof.open();
    await workbench.notifications('roofer has finished its turn.').waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
  });

  it('notifies of nothing where it says “none”: status bar and view still show it', async () => {
    await notify('none');
    await workbench.openSidebar('Explorer');
    const before = Number.parseInt(await workbench.statusBar(/need you|needs you/).innerText(), 10);
    await assign('builder', 'Build another house');
    await workbench.statusBar(`${before + 1} need you`).waitFor();
    // What is told, is told within this time; the view then has it, and was given the time to be told of it.
    await workbench.openSidebar();
    await workbench.view('Needs You').item('builder: Run touch other.txt').waitFor();
    assert.equal(await workbench.notifications().count(), 0);
    await notify('needsYou');
    await workbench.view('Needs You').clickInline('builder: Run touch other.txt', 'Decline');
  });

  /** What the model was told of the answer in this task. */
  async function answered(task: string): Promise<string> {
    const { toolOutputs } = await town.model.waitForRequest(
      ({ userTexts, toolOutputs: outputs }) => outputs.length > 0 && (userTexts.at(-1) ?? '').includes(task),
    );
    return (toolOutputs.at(-1) ?? '').replaceAll('\\', '');
  }

  it('takes a secret without showing it', async () => {
    const needs = workbench.view('Needs You');
    const { quickInput } = workbench;
    await agent('guard', 'starting');
    await assign('guard', 'Guard the gate');
    await needs.item('guard: What is the word at the gate?').waitFor();
    await needs.clickInline('guard: What is the word at the gate?', 'Answer');
    await quickInput.pick('Other…');
    await eventually(async () => (await quickInput.input.getAttribute('type')) === 'password');
    await quickInput.type('sesame-1001');
    await workbench.screenshot('secret');
    await quickInput.accept();
    assert.match(await answered('Guard the gate'), /sesame-1001/);
    const kept = await records.redis.read((client) => client.keys('*'));
    for (const key of kept) {
      const raw = await records.redis.read((client) => client.dump(key));
      assert.ok(!raw?.includes('sesame-1001'), `${key} keeps the secret`);
    }
    assert.doesNotMatch(await workbench.extensionLog(), /sesame-1001/);
  });

  it('has several things picked from a list, and says how many are needed', async () => {
    const needs = workbench.view('Needs You');
    const { quickInput } = workbench;
    await agent('packer', 'starting');
    await assign('packer', 'Pack the bags');
    await needs.item('packer: What goes into the bags?').waitFor();
    await needs.clickInline('packer: What goes into the bags?', 'Answer');
    const box = (label: string): ReturnType<typeof quickInput.rows.locator> =>
      quickInput.rows.filter({ hasText: label }).locator('.monaco-checkbox, input[type="checkbox"]').first();
    await box('Lamp').click();
    await quickInput.accept();
    const placeholder = async (): Promise<string> => (await quickInput.input.getAttribute('placeholder')) ?? '';
    await eventually(async () => (await placeholder()).startsWith('Pick at least 2.'));
    await workbench.screenshots('pick-several');
    await box('Tent').click();
    await quickInput.accept();
    assert.match(await answered('Pack the bags'), /"accept".*\{"things":\["Lamp","Tent"\]\}/);
  });
});
