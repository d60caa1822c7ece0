/** How long it takes to draw a large town, and to find what changed in it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TurnView } from '../../../src/loop/state/agentView.ts';
import type { TurnItem } from '../../../src/runtime/turnItem.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Row as TreeRow } from '../../../src/ui/itemTree.ts';
import { agentRecord, english, picture } from '../../unit/ui/support.ts';
import { standInForEditor } from '../editorParts.ts';
import { type Row, median, milliseconds } from '../measure.ts';

const AGENTS = 100;
const ITEMS = 50;
/** Longer than the tree's refresh interval. */
const THROTTLE_MS = 110;

export const agents100: Row = {
  names: ['agents_100_ms'],
  async run({ quick }) {
    standInForEditor();
    const { ItemTree } = await import('../../../src/ui/itemTree.ts');
    const names = Array.from({ length: AGENTS }, (_, place) => `agent-${place}`);
    const agents = names.map((name) => agentRecord(name, { state: 'working' }));
    const turns = new Map(names.map((name) => [name, turnOf(name)]));
    const scene = () => ({ agents, views: Object.fromEntries([...turns].map(([name, turn]) => [name, { turn }])) });
    let now = picture(scene());
    const tree = new ItemTree(() => agentItems(now, english));
    tree.onDidChangeTreeData((row) => draw(row ?? undefined));
    let rows = 0;
    const draw = (parent?: TreeRow): void => {
      for (const row of tree.childrenOf(parent)) {
        tree.getTreeItem(row);
        rows += 1;
        draw(row);
      }
    };
    const draws: number[] = [];
    const refreshes: number[] = [];
    for (let round = 0; round < (quick ? 10 : 40); round += 1) {
      rows = 0;
      const start = performance.now();
      draw();
      draws.push(performance.now() - start);
      const drawn = rows;
      if (drawn < AGENTS * ITEMS) throw new Error(`Only ${drawn} rows were drawn.`);
      // One agent of the hundred says something.
      const name = names[round % AGENTS] ?? '';
      turns.set(name, turnOf(name, `${round} more words`));
      now = picture(scene());
      await pause(THROTTLE_MS);
      const before = performance.now();
      tree.refresh();
      refreshes.push(performance.now() - before);
    }
    tree.dispose();
    // The first refreshes compile the code.
    const warm = refreshes.slice(3);
    const note = `one changed item of ${AGENTS} × ${ITEMS}, every row open (p50); drawing all of it ${milliseconds(draws)}`;
    const value = median(warm);
    const n = warm.length;
    return [{ name: 'agents_100_ms', value, unit: 'ms', baseline: null, target: 16, n, better: 'lower', note }];
  },
};

function turnOf(name: string, last = 'the last words'): TurnView {
  const items = Array.from({ length: ITEMS }, (_, place): TurnItem => {
    const id = `${name}-${place}`;
    if (place === ITEMS - 1) return { id, status: 'running', kind: 'agentMessage', text: last };
    if (place % 2 === 0) return { id, status: 'completed', kind: 'agentMessage', text: 'I looked at it. '.repeat(20) };
    const output = 'a line of output\n'.repeat(100);
    return {
      id,
      status: 'completed',
      kind: 'command',
      command: 'npm test',
      cwd: '/town',
      output,
      exitCode: 0,
      durationMs: 900,
    };
  });
  return { id: name, startedAt: 0, endedAt: undefined, outcome: undefined, items, plan: [], diff: '', steers: [] };
}
