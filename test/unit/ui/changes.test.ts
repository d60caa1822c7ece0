/** Files before and after an agent's changes, from what they are now. */
import assert from 'node:assert/strict';
import type { FileChange, TurnItem } from '../../../src/runtime/turnItem.ts';
import { type MadeChange, changedFiles, changesOf, namedFiles } from '../../../src/ui/history/changes.ts';
import { applyUnifiedDiff, revertUnifiedDiff } from '../../../src/ui/unifiedDiff.ts';

const update = (path: string, diff: string, movedTo?: string): FileChange => ({
  path,
  change: 'update',
  diff,
  ...(movedTo === undefined ? {} : { movedTo }),
});
const add = (path: string, diff: string): FileChange => ({ path, change: 'add', diff });
const remove = (path: string, diff: string): FileChange => ({ path, change: 'delete', diff });
const wanted = (...changes: FileChange[]): MadeChange[] => changes.map((change) => ({ change, wanted: true }));
const added = (status: TurnItem['status'], path: string): TurnItem => ({
  id: path,
  status,
  kind: 'fileChange',
  changes: [add(path, '')],
});
const later = (...changes: FileChange[]): MadeChange[] => changes.map((change) => ({ change, wanted: false }));

describe('a diff taken back', () => {
  // As codex 0.169.0 writes them.
  const cases: [what: string, before: string, diff: string, after: string][] = [
    ['a line', 'x\n', '@@ -1 +1 @@\n-x\n+y\n', 'y\n'],
    ['CRLF', 'a\r\nb\r\nc\r\n', '@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\r\n', 'a\r\nB\r\nc\r\n'],
    ['no line end before', 'a\nb', '@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+B\n', 'a\nB\n'],
    ['no line end after', 'a\nb\n', '@@ -1,2 +1,2 @@\n a\n-b\n+B\n\\ No newline at end of file\n', 'a\nB'],
    ['no line end at all', 'a\nb', '@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n', 'A\nb'],
    ['a deletion of all', 'a\n', '@@ -1 +0,0 @@\n-a\n', ''],
    ['an insertion at the start', 'b\n', '@@ -0,0 +1 @@\n+a\n', 'a\nb\n'],
    ['two places', '1\n2\n3\n4\n5\n', '@@ -1 +1,2 @@\n 1\n+one\n@@ -5 +6 @@\n-5\n+five\n', '1\none\n2\n3\n4\nfive\n'],
    ['a rename', 'one\ntwo\n', '@@ -1,2 +1,2 @@\n-one\n+ONE\n two\n\n\nMoved to: /w/b', 'ONE\ntwo\n'],
  ];
  for (const [what, before, diff, after] of cases) {
    it(`of ${what} is exact, both ways`, () => {
      assert.equal(applyUnifiedDiff(before, diff), after);
      assert.equal(revertUnifiedDiff(after, diff), before);
    });
  }

  /** What codex 0.171 made of files with every kind of line end. */
  const lineEnds: [string, string, string, string][] = [
    ['a lone carriage return', 'a\rb\nc\nd\n', 'a\rb\nC\rd\n', '@@ -2,3 +2,3 @@\n b\n-c\n+C\r d\n'],
    ['carriage returns alone, before and after', 'x\na\rb\rc\n', 'X\na\rb\rc\n', '@@ -1,2 +1,2 @@\n-x\n+X\n a\r'],
    ['a carriage return at its end', 'a\nb\nc\r', 'a\nB\nc\r', '@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\r'],
    ['CRLF', 'a\r\nb\r\nc\r\n', 'a\r\nB\r\nc\r\n', '@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\r\n'],
    ['CRLF and LF', 'a\r\nb\nc\r\nd\n', 'a\r\nB\r\nc\r\nd\n', '@@ -1,3 +1,3 @@\n a\r\n-b\n+B\r\n c\r\n'],
    [
      'no line end at its end',
      'a\nb\nc',
      'a\nB\nc\n',
      '@@ -1,3 +1,3 @@\n a\n-b\n-c\n\\ No newline at end of file\n+B\n+c\n',
    ],
    ['U+2028 and a form feed', 'a\u2028b\nc\fx\nd\n', 'a\u2028b\nc\fx\nD\n', '@@ -2,2 +2,2 @@\n c\fx\n-d\n+D\n'],
    ['U+0085', 'a\u0085b\nc\n', 'a\u0085b\nC\n', '@@ -1,2 +1,2 @@\n a\u0085b\n-c\n+C\n'],
    ['a vertical tab', 'a\vb\nc\n', 'a\vb\nC\n', '@@ -1,2 +1,2 @@\n a\vb\n-c\n+C\n'],
    // As git counts.
    ['a carriage return that is no line end', 'a\rb\nc\n', 'a\rb\nC\n', '@@ -1,2 +1,2 @@\n a\rb\n-c\n+C\n'],
    [
      'a carriage return without a line end',
      'b\nc\r',
      'B\nc\r',
      '@@ -1,2 +1,2 @@\n-b\n+B\n c\r\n\\ No newline at end of file\n',
    ],
  ];
  for (const [what, before, after, diff] of lineEnds) {
    it(`is taken back, and applied, in a file with ${what}`, () => {
      assert.equal(revertUnifiedDiff(after, diff), before);
      assert.equal(applyUnifiedDiff(before, diff), after);
    });
  }

  it('is not taken back where it does not fit', () => {
    assert.equal(revertUnifiedDiff('z\n', '@@ -1 +1 @@\n-x\n+y\n'), undefined);
    assert.equal(revertUnifiedDiff('y', '@@ -1 +1 @@\n-x\n+y\n'), undefined, 'a line end was taken away since');
  });
});

describe('the files of some changes', () => {
  const xToY = '@@ -1 +1 @@\n-x\n+y\n';
  const yToZ = '@@ -1 +1 @@\n-y\n+z\n';

  it('are what they were before and after them, over several changes of a file', () => {
    const changes = wanted(update('/w/a', xToY), add('/w/b', 'new'), update('/w/a', yToZ), remove('/out/c', 'bye'));
    const now = new Map([
      ['/w/a', 'z\n'],
      ['/w/b', 'new'],
      ['/out/c', null],
    ]);
    assert.deepEqual(namedFiles(changes), new Set(['/w/a', '/w/b', '/out/c']));
    assert.deepEqual(changedFiles(changes, now), [
      { path: '/w/b', from: '/w/b', before: null, after: 'new' },
      { path: '/w/a', from: '/w/a', before: 'x\n', after: 'z\n' },
      { path: '/out/c', from: '/out/c', before: 'bye', after: null },
    ]);
  });

  it('are seen as they were then, though the agent has changed them since', () => {
    const changes = [...wanted(update('/w/a', xToY)), ...later(update('/w/a', yToZ), remove('/w/a', 'z\n'))];
    assert.deepEqual(changedFiles(changes, new Map([['/w/a', null]])), [
      { path: '/w/a', from: '/w/a', before: 'x\n', after: 'y\n' },
    ]);
  });

  it('are followed over renames, back to their first name', () => {
    const changes = wanted(
      update('/w/a', xToY),
      update('/w/a', yToZ, '/w/b'),
      update('/w/b', '@@ -1 +1 @@\n-z\n+end\n', '/w/c'),
    );
    const now = new Map([
      ['/w/a', null],
      ['/w/b', null],
      ['/w/c', 'end\n'],
    ]);
    assert.deepEqual(changedFiles(changes, now), [{ path: '/w/c', from: '/w/a', before: 'x\n', after: 'end\n' }]);
  });

  it('may be renamed and nothing else', () => {
    const now = new Map([
      ['/w/a', null],
      ['/w/b', 'x\n'],
    ]);
    assert.deepEqual(changedFiles(wanted(update('/w/a', '\n\nMoved to: /w/b', '/w/b')), now), [
      { path: '/w/b', from: '/w/a', before: 'x\n', after: 'x\n' },
    ]);
  });

  it('are left out where nothing is left of their changes', () => {
    const changes = wanted(add('/w/a', 'x'), remove('/w/a', 'x'), remove('/w/b', 'y'), add('/w/b', 'y'));
    const now = new Map([
      ['/w/a', null],
      ['/w/b', 'y'],
    ]);
    assert.deepEqual(changedFiles(changes, now), []);
  });

  it('are shown by their diffs where others have changed them since, and only those', () => {
    const changes = wanted(
      update('/w/a', xToY),
      update('/w/a', yToZ),
      add('/w/b', 'one\ntwo'),
      remove('/w/c', 'old\n'),
    );
    const now = new Map([
      ['/w/a', 'mine\n'],
      ['/w/b', null],
      ['/w/c', null],
    ]);
    assert.deepEqual(changedFiles(changes, now), [
      { path: '/w/a', diffs: [`--- /w/a\n+++ /w/a\n${xToY}`, `--- /w/a\n+++ /w/a\n${yToZ}`] },
      { path: '/w/b', diffs: ['--- /dev/null\n+++ /w/b\n+one\n+two\n'] },
      { path: '/w/c', from: '/w/c', before: 'old\n', after: null },
    ]);
  });

  it('are not trusted where a later change does not fit any more', () => {
    const changes = [...wanted(update('/w/a', xToY)), ...later(update('/w/a', yToZ, '/w/b'))];
    const now = new Map([
      ['/w/a', null],
      ['/w/b', 'mine\n'],
    ]);
    assert.deepEqual(changedFiles(changes, now), [{ path: '/w/a', diffs: [`--- /w/a\n+++ /w/a\n${xToY}`] }]);
  });

  it('are not trusted where a later change was undone by others, though the wanted one would fit', () => {
    const changes = [...wanted(update('/w/a', xToY)), ...later(update('/w/a', yToZ))];
    assert.deepEqual(changedFiles(changes, new Map([['/w/a', 'y\n']])), [
      { path: '/w/a', diffs: [`--- /w/a\n+++ /w/a\n${xToY}`] },
    ]);
  });

  it('are those of changes that were made', () => {
    const items = [added('completed', 'a'), added('failed', 'b'), added('declined', 'c'), added('running', 'd')];
    assert.deepEqual(
      changesOf(items).map(({ path }) => path),
      ['a'],
    );
  });
});
