/** Five agents with long names and long tasks: what matters stays visible in a narrow sidebar, in every theme. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openRedis } from '../../src/town/redis/connect.ts';
import { Town } from '../../src/town/town.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { type TestRedis, startTestRedis } from '../support/redis.ts';
import { type ModelRequest, type Step, gate } from '../support/scriptedModel.ts';
import { shownName } from '../../src/ui/shownName.ts';
import type { TreeView } from '../support/workbench/treeView.ts';
import { Workbench, allThemes } from '../support/workbench/workbench.ts';
import { type UiTown, spawnAgent, startUiTown, stepByStep } from './uiTown.ts';

const question = {
  id: 'units',
  header: 'Units',
  question:
    'Which units should the tide tables use, given that half of the readers come from the other side of the sea?',
  options: [
    { label: 'Meters, and feet in parentheses', description: 'What the pilots use today.' },
    { label: 'Feet', description: 'What the old tables used.' },
  ],
};

const command = 'find . -name "*.tide" -newer almanac.csv -exec touch {} + && touch tables-are-up-to-date.txt';
const end = gate();

/** The agents, the task of each, and what it does first. */
const agents: readonly { name: string; task: string; does: () => Step[] }[] = [
  {
    name: 'harbor-pilot-of-the-northern-approach',
    task: 'Bring the tide tables of the northern approach up to date',
    does: () => [{ exec: command, escalate: 'The tables lie outside of the workspace.' }],
  },
  {
    name: 'lighthouse-keeper-with-the-long-name',
    task: 'Ask which units the tables should use before anything is written',
    does: () => [{ tool: { name: 'request_user_input', arguments: { questions: [question] } } }],
  },
  {
    name: 'cartographer-of-the-inner-waters',
    task: 'Draw the soundings between the two breakwaters as a chart in SVG',
    does: () => [{ text: 'I read the soundings first, then I draw the depth contours.' }, { hold: end.opened }],
  },
  {
    name: 'archivist-of-everything-that-was-said',
    task: 'Sum up last year’s log books in one paragraph per month',
    does: () => [{ text: 'The log books of twelve months are summed up, a paragraph for each.' }],
  },
  {
    name: 'carpenter-of-the-old-wooden-jetty',
    task: 'Repair the planks between the third and the seventh post',
    does: () => [{ text: 'I look at the planks.' }, { hold: end.opened }],
  },
];

describe('five agents with long names', () => {
  let town: UiTown;
  let redis: TestRedis;
  let workbench: Workbench;
  let view: TreeView;

  before(async () => {
    town = await startUiTown();
    redis = await startTestRedis();
    const folder = await town.folder('harbor');
    await writeFile(path.join(folder, 'tinytown.toml'), 'name = "harbor"\n');
    town.model.script = ({ userTexts, toolOutputs }: ModelRequest) => {
      const last = userTexts.at(-1) ?? '';
      return (
        (toolOutputs.length === 0 && agents.find(({ task }) => last.includes(task))?.does()) || [{ text: 'Done.' }]
      );
    };
    const at = await openRedis({ kind: 'url', source: 'setting', url: redis.url }, silentLogger);
    const records = await Town.open(at, 'harbor', silentLogger);
    await records.tasks.addToBacklog({
      description: 'Count the buoys between the harbor mouth and the third sandbank, and say which are missing',
      tags: ['buoys'],
    });
    records.close();
    workbench = await Workbench.open({
      folder,
      settings: {
        ...town.settings,
        'tinytown.redis.url': redis.url,
        'tinytown.codex.sandbox': 'workspace-write',
        'tinytown.codex.approvalPolicy': 'untrusted',
      },
    });
    view = workbench.view('Agents');
    // A list draws only the rows that are in sight.
    await workbench.page.setViewportSize({ width: 1280, height: 1400 });
  });
  after(async () => {
    end.open();
    await workbench?.close();
    await redis?.stop();
    await town?.end();
  });
  stepByStep('narrow', () => [workbench]);

  it('come up', async () => {
    await workbench.openSidebar();
    for (const { name, task } of agents) await spawnAgent(workbench, name, task);
    await view.items.filter({ hasText: 'waiting for you' }).nth(1).waitFor();
    await view.items.filter({ hasText: 'finished' }).first().waitFor();
  });

  /** The whole shortened name is shown, and enough of the state to tell it. */
  async function isReadable(name: string): Promise<void> {
    const label = shownName(name);
    const [row, state] = [await view.item(label).boundingBox(), await view.description(label).boundingBox()];
    assert.ok(row && state, label);
    assert.ok(
      row.x + row.width - state.x >= 50,
      `${label}: ${row.x + row.width - state.x} pixels are left for the state`,
    );
  }

  for (const width of [250, 500]) {
    it(`are told apart at ${width} pixels`, async () => {
      await workbench.sidebarWidth(width);
      await workbench.page.mouse.move(900, 400);
      for (const { name } of agents) await isReadable(name);
      await workbench.screenshots(`five-${width}`, allThemes);
      await workbench.setTheme('dark');
    });
  }
});
