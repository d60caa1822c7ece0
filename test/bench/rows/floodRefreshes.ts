/** How often the tree of agents is redrawn while a turn sends ten thousand deltas in a second. */
import { setTimeout as pause } from 'node:timers/promises';
import { english } from '../../unit/ui/support.ts';
import { pictureOf } from '../../../src/ui/town/townPicture.ts';
import { agentItems } from '../../../src/ui/agents/agentItems.ts';
import type { Row as TreeRow } from '../../../src/ui/itemTree.ts';
import { inTown } from '../benchTown.ts';
import { standInForEditor } from '../editorParts.ts';
import { type Row, median } from '../measure.ts';
import { floodingCodex } from './notifications.ts';

const DELTAS = 10_000;
const MILLISECONDS = 1_000;
/** Longer than the tree's refresh interval. */
const TRAIL_MS = 300;

export const floodRefreshes: Row = {
  names: ['flood_refreshes'],
  run: ({ quick }) =>
    inTown(async (town) => {
      standInForEditor();
      const { ItemTree } = await import('../../../src/ui/itemTree.ts');
      const session = await town.window({ codexPath: floodingCodex });
      const agent = await town.idleAgent(session, 'worker');
      const tree = new ItemTree(() => agentItems(pictureOf(session), english));
      town.atEnd(async () => tree.dispose());
      session.runner.onDidChangeView(() => tree.refresh());
      session.mirror.onDidChange(() => tree.refresh());
      let refreshes = 0;
      tree.onDidChangeTreeData((row) => {
        refreshes += 1;
        // As the editor does, with every row open.
        draw(row ?? undefined);
      });
      const draw = (parent?: TreeRow): void => {
        for (const row of tree.childrenOf(parent)) {
          tree.getTreeItem(row);
          draw(row);
        }
      };

      const counts: number[] = [];
      const took: number[] = [];
      for (let round = 0; round < (quick ? 2 : 5); round += 1) {
        draw();
        await pause(TRAIL_MS);
        const ended = town.turnEnd(session, agent.id);
        refreshes = 0;
        const start = await town.push(agent.id, `drip ${DELTAS} ${MILLISECONDS}`);
        took.push((await ended) - start);
        await pause(TRAIL_MS);
        counts.push(refreshes);
        await town.quiet(session, 'worker');
      }
      const note = `${DELTAS} deltas in ${median(took).toFixed(0)} ms, all rows open; start and end of the turn included`;
      const value = median(counts);
      const n = counts.length;
      return [
        { name: 'flood_refreshes', value, unit: 'redraws', baseline: null, target: 20, n, better: 'lower', note },
      ];
    }),
};
