/** `npm run package`: packages freshly built bundles as a VSIX, and checks its size. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { loadedBundles } from './loadedBundles.ts';
import { vsixPath } from './vsixPath.ts';

const LIMIT_BYTES = 1_000_000;
/** Limit for the code that an editor loads before a town is open. */
const ACTIVATION_LIMIT_BYTES = 400_000;

const dist = path.resolve(import.meta.dirname, '../dist');

await createVSIX({
  packagePath: vsixPath,
  dependencies: false,
  allowMissingRepository: true,
  // The README's pictures are packaged, because there is no public URL for them yet.
  rewriteRelativeLinks: false,
});
const { size } = await stat(vsixPath);
process.stdout.write(`${path.relative(process.cwd(), vsixPath)}  ${(size / 1000).toFixed(0)} kB\n`);
let activation = 0;
for (const file of await loadedBundles(path.join(dist, 'extension.mjs'))) activation += (await stat(file)).size;
process.stdout.write(`loaded at activation  ${(activation / 1000).toFixed(0)} kB\n`);
if (activation > ACTIVATION_LIMIT_BYTES) {
  process.stderr.write(
    `That is more than ${ACTIVATION_LIMIT_BYTES / 1000} kB: something heavy is imported before it is needed.\n`,
  );
  process.exitCode = 1;
}
if (size > LIMIT_BYTES) {
  process.stderr.write(
    `The VSIX is larger than ${LIMIT_BYTES / 1000} kB: see .vscodeignore and the bundles in dist/.\n`,
  );
  process.exitCode = 1;
}
