/** The tree redraws just the rows that look different, and keeps every row's identity. */
import assert from 'node:assert/strict';
import { ItemTree, type Row } from '../../src/ui/itemTree.ts';
import type { Item } from '../../src/ui/items.ts';
import { eventually } from '../support/eventually.ts';

function item(id: string, look: Partial<Item> = {}): Item {
  return {
    id,
    label: id,
    description: '',
    icon: { id: 'circle' },
    contextValue: 'x;',
    spoken: `${id}, spoken`,
    collapse: 'none',
    ...look,
  };
}

function parentOf(id: string): Item {
  return item(id, { collapse: 'collapsed', children: () => [item(`${id}/1`)] });
}

describe('a tree', () => {
  let roots: Item[];
  let tree: ItemTree;
  let redrawn: (string | undefined)[];

  beforeEach(() => {
    roots = [];
    redrawn = [];
    tree = new ItemTree(() => roots);
    tree.onDidChangeTreeData((row) => redrawn.push(row?.item.id));
  });
  afterEach(() => tree.dispose());

  /** Refreshes until the throttle has let it through. */
  async function refreshed(): Promise<(string | undefined)[]> {
    redrawn = [];
    tree.refresh();
    await eventually(() => redrawn.length > 0);
    return redrawn;
  }

  it('redraws one row of many, whether root or leaf', async () => {
    const leaf = (label: string): Item => item('b/leaf', { label });
    const withLeaf = (label: string): Item[] => [
      item('a'),
      item('b', { collapse: 'expanded', children: () => [leaf(label)] }),
    ];
    roots = withLeaf('one');
    const [, b] = tree.childrenOf();
    assert.ok(b);
    const [row] = tree.childrenOf(b);
    roots = withLeaf('two');
    assert.deepEqual(await refreshed(), ['b/leaf']);
    assert.equal(row && tree.getTreeItem(row).label, 'two');
    roots = [item('a', { description: 'new' }), ...withLeaf('two').slice(1)];
    assert.deepEqual(await refreshed(), ['a']);
  });

  it('redraws a parent whose children come or go, and all when roots do', async () => {
    const parent = (...ids: string[]): Item =>
      item('p', { collapse: 'expanded', children: () => ids.map((id) => item(id)) });
    roots = [parent('p/1')];
    const [p] = tree.childrenOf();
    assert.ok(p);
    tree.childrenOf(p);
    roots = [parent('p/1', 'p/2')];
    assert.deepEqual(await refreshed(), ['p']);
    roots = [parent('p/1', 'p/2'), item('q')];
    assert.deepEqual(await refreshed(), [undefined]);
  });

  it('keeps a row the same between refreshes, with its parent', () => {
    roots = [item('p', { collapse: 'expanded', children: () => [item('p/1')] })];
    const drawn = (): Row[] => {
      const [p] = tree.childrenOf();
      assert.ok(p);
      return [p, ...tree.childrenOf(p)];
    };
    const [p, leaf] = drawn();
    assert.deepEqual(drawn(), [p, leaf]);
    assert.ok(leaf && p);
    assert.equal(tree.getParent(leaf), p);
    assert.equal(tree.getParent(p), undefined);
  });

  it('knows which roots are open, until the person closes them', () => {
    roots = [parentOf('p'), parentOf('q')];
    const opened: string[] = [];
    tree.onDidOpen((row) => opened.push(row.item.id));
    const ids = (): string[] => tree.openRoots.map((row) => row.item.id);
    const [p] = tree.childrenOf();
    assert.ok(p);
    assert.equal(tree.find(({ id }) => id === 'q/1')?.parent?.item.id, 'q');
    assert.deepEqual(ids(), [], 'looking for a row opens none');
    tree.childrenOf(p);
    tree.childrenOf(p);
    assert.deepEqual(ids(), ['p']);
    assert.deepEqual(opened, ['p']);
    tree.closed(p);
    assert.deepEqual(ids(), []);
  });

  it('tells the model that a row is closed when the editor draws the roots anew and does not ask what is below it', async () => {
    let isOpen: ((id: string) => boolean) | undefined;
    tree.dispose();
    tree = new ItemTree((open) => {
      isOpen = open;
      return roots;
    });
    tree.onDidChangeTreeData((row) => redrawn.push(row?.item.id));
    roots = [parentOf('p'), parentOf('q')];
    const [p, q] = tree.childrenOf();
    assert.ok(p && q);
    tree.childrenOf(p);
    tree.childrenOf(q);
    roots = [...roots, item('r')];
    assert.deepEqual(await refreshed(), [undefined]);
    tree.childrenOf();
    tree.childrenOf(q);
    await eventually(() => isOpen?.('p') === false);
    assert.ok(isOpen?.('q'));
    tree.childrenOf(p);
    assert.ok(isOpen?.('p'));
  });

  it('does not look below a closed row, and draws it anew when it is opened again', async () => {
    let looks = 0;
    const below = (label: string): Item[] => [
      item('p', {
        description: label,
        collapse: 'expanded',
        children: () => {
          looks += 1;
          return [item('p/1', { label })];
        },
      }),
    ];
    roots = below('one');
    const [p] = tree.childrenOf();
    assert.ok(p);
    tree.childrenOf(p);
    tree.closed(p);
    roots = below('two');
    assert.deepEqual(await refreshed(), ['p']);
    assert.equal(looks, 1);
    redrawn = [];
    tree.reopened(p);
    tree.reopened(p);
    assert.deepEqual(redrawn, ['p']);
    assert.equal(tree.childrenOf(p)[0]?.item.label, 'two');
  });

  it('finds a row as deep as it is asked to', () => {
    const nested = (level: number): Item =>
      item(`l${level}`, { children: () => (level < 5 ? [nested(level + 1)] : []) });
    roots = [nested(1)];
    assert.equal(tree.find(({ id }) => id === 'l2')?.item.id, 'l2');
    assert.equal(
      tree.find(({ id }) => id === 'l3'),
      undefined,
    );
    assert.equal(tree.find(({ id }) => id === 'l5', 9)?.item.id, 'l5');
    assert.equal(
      tree.find(({ id }) => id === 'l6', 9),
      undefined,
    );
  });

  it('draws id, words for a screen reader, and a file that a click opens; the tooltip only when asked', () => {
    let asked = 0;
    const tooltip = (): string => {
      asked += 1;
      return 'More [link](command:evil)';
    };
    roots = [item('a', { opens: 'src/a.ts', tooltip, icon: { id: 'error', color: 'charts.red' } })];
    const [row] = tree.childrenOf();
    assert.ok(row);
    const drawn = tree.getTreeItem(row);
    assert.equal(drawn.id, 'a');
    assert.equal(drawn.accessibilityInformation?.label, 'a, spoken');
    // Not the file itself: whether it may be opened is found out by the command, when it is clicked.
    assert.deepEqual([drawn.command?.command, drawn.command?.arguments], ['tinytown.openRow', [row]]);
    assert.equal(asked, 0);
    assert.equal(tree.resolveTreeItem(drawn, row).tooltip, 'More [link](command:evil)');
  });
});
