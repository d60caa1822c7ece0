/** The guides for contributors name files. Each must be there: a guide that leads nowhere is worse than none. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** What a guide quotes that looks like a file or a folder. Methods of the app-server do, and git ignores `.cache`. */
function namedPaths(guide: string): string[] {
  const text = readFileSync(path.join(root, guide), 'utf8');
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, quote = '']) => quote);
  return quoted.filter(
    (quote) => /^[\w.-]+\/|\.(?:ts|json|md|lua)$/.test(quote) && !/\*|^turn\/|^\.cache\//.test(quote),
  );
}

describe('the guides for contributors', () => {
  for (const guide of ['ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    it(`name files that are there: ${guide}`, () => {
      const named = namedPaths(guide);
      assert.ok(named.length > 10);
      const missing = named.filter((name) =>
        ['', 'src', 'test'].every((room) => !existsSync(path.join(root, room, name))),
      );
      assert.deepEqual(missing, []);
    });
  }
});
