/** `npm run package`: the VSIX, from freshly built bundles, no larger than promised. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { loadedBundles } from './loadedBundles.ts';
import { vsixPath } from './vsixPath.ts';

const LIMIT_BYTES = 1_000_000;
/** Of what an editor loads that has no town open. */
const ACTIVATION_LIMIT_BYTES = 400_000;

const dist = path.resolve(import.meta.dirname, '../dist');

await createVSIX({
  packagePath: vsixPath,
  dependencies: false,
  allowMissingRepository: true,
  // The README's pictures come along: there is no public place yet that they could be shown from.
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
