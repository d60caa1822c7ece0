/** Which files of the built extension an editor loads at activation: the bundle and its static imports. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Paths of `file` and of all its direct and indirect imports, except those by `import()`. */
export async function loadedBundles(file: string, known = new Set<string>()): Promise<Set<string>> {
  known.add(file);
  const text = await readFile(file, 'utf8');
  for (const [, chunk] of text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([\w.-]+\.mjs)"/g)) {
    const next = path.join(path.dirname(file), chunk ?? '');
    if (!known.has(next)) await loadedBundles(next, known);
  }
  return known;
}
