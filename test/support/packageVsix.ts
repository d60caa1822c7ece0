/** `npm run package`: the VSIX, from freshly built bundles, no larger than promised. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { vsixPath } from './vsixPath.ts';

const LIMIT_BYTES = 1_000_000;

await createVSIX({ packagePath: vsixPath, dependencies: false, allowMissingRepository: true });
const { size } = await stat(vsixPath);
process.stdout.write(`${path.relative(process.cwd(), vsixPath)}  ${(size / 1000).toFixed(0)} kB\n`);
if (size > LIMIT_BYTES) {
  process.stderr.write(
    `The VSIX is larger than ${LIMIT_BYTES / 1000} kB: see .vscodeignore and the bundles in dist/.\n`,
  );
  process.exitCode = 1;
}
