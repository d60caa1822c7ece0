/** How long the packaged extension takes to activate in a real extension host, and how much code the editor loads for it. */
import { glob, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { installExtension } from '../../support/editorServer.ts';
import { loadedBundles } from '../../../scripts/loadedBundles.ts';
import { run } from '../../../scripts/setup/run.ts';
import { tempDir } from '../../support/tempDir.ts';
import { vsixPath } from '../../../scripts/vsixPath.ts';
import { Workbench } from '../../support/workbench/workbench.ts';
import { type Row, median, milliseconds } from '../measure.ts';

const LIMIT_BYTES = 400_000;
const SAMPLES = 'TINYTOWN_ACTIVATIONS';

/** Wraps the extension's own entry and records its times: `milliseconds to load, milliseconds to activate`. */
const stopwatch = `import { appendFileSync } from 'node:fs';
const begun = performance.now();
const extension = await import('./extension.mjs');
const loaded = performance.now();
export function activate(context) {
  const called = performance.now();
  const api = extension.activate(context);
  appendFileSync(process.env.${SAMPLES}, \`\${loaded - begun} \${performance.now() - called}\\n\`);
  return api;
}
export const { deactivate } = extension;
`;

export const activation: Row = {
  names: ['activation_ms'],
  async run({ quick }) {
    const dir = await tempDir('activation');
    const samples = path.join(dir.path, 'samples');
    const extensionsDir = path.join(dir.path, 'extensions');
    await run(process.execPath, [path.join(import.meta.dirname, '../../../scripts/packageVsix.ts')], {
      timeout: 60_000,
    });
    await installExtension(vsixPath, extensionsDir);
    const bytes = await withStopwatch(extensionsDir);
    const workbench = await Workbench.open({ folder: dir.path, extensionsDir, env: { [SAMPLES]: samples } });
    try {
      const windows = quick ? 3 : 9;
      for (let window = 1; ; window += 1) {
        await eventually(async () => (await read(samples)).length === window, { timeout: 30_000, what: 'activation' });
        // The first window compiles the code, and the editor caches the result.
        if (window > windows) break;
        await workbench.reload();
      }
      const [, ...warm] = await read(samples);
      const activate = warm.map(([, time]) => time);
      const load = milliseconds(warm.map(([time]) => time));
      const note = `activate() in a window with a folder (p50); loading ${(bytes / 1_000).toFixed(0)} kB before it ${load}`;
      return [
        {
          name: 'activation_ms',
          value: median(activate),
          unit: 'ms',
          baseline: null,
          target: 30,
          n: activate.length,
          better: 'lower',
          alsoHolds: bytes <= LIMIT_BYTES,
          note,
        },
      ];
    } finally {
      await workbench.close();
      await dir.remove();
    }
  },
};

/** Puts the stopwatch before the installed extension. Resolves with the number of bytes that the editor loads. */
async function withStopwatch(extensionsDir: string): Promise<number> {
  let bytes = 0;
  for await (const file of glob('*/dist/extension.mjs', { cwd: extensionsDir })) {
    const place = path.join(extensionsDir, file);
    for (const loaded of await loadedBundles(place)) bytes += (await stat(loaded)).size;
    await writeFile(path.join(path.dirname(place), 'stopwatch.mjs'), stopwatch);
    const manifest = path.join(path.dirname(place), '../package.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace('./dist/extension.mjs', './dist/stopwatch.mjs'));
  }
  return bytes;
}

async function read(samples: string): Promise<[load: number, activate: number][]> {
  const text = await readFile(samples, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [load, activate] = line.split(' ').map(Number);
      return [load ?? Number.NaN, activate ?? Number.NaN];
    });
}
