// Builds the bundles: the extension, and the programs that run beside it. `--watch` rebuilds, `--dev` keeps source maps.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { writeBundle } from './l10n.ts';

const watch = process.argv.includes('--watch');
const dev = watch || process.argv.includes('--dev');

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** @type {esbuild.BuildOptions} */
const common = {
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22',
  loader: { '.lua': 'text' },
  define: { TINYTOWN_VERSION: JSON.stringify(version) },
  minify: !dev,
  sourcemap: dev,
  logLevel: 'warning',
};

/** @type {esbuild.BuildOptions} */
const extension = {
  ...common,
  entryPoints: { extension: 'src/extension.ts' },
  // Only ES modules can share chunks. The chunks for an open town are loaded when one is opened.
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  external: ['vscode'],
  // For dependencies that are CommonJS.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};

/** @type {esbuild.BuildOptions} */
const programs = {
  ...common,
  entryPoints: { mcp: 'src/tools/mcp.ts', tt: 'src/tools/tt.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
};

await writeBundle();
if (watch) {
  for (const options of [extension, programs]) await (await esbuild.context(options)).watch();
} else {
  const [{ metafile }] = await Promise.all([
    esbuild.build({ ...extension, metafile: true }),
    esbuild.build({ ...programs }),
  ]);
  // Names of chunks depend on their contents. Chunks of earlier builds would be packaged, too.
  for (const file of readdirSync('dist').filter((name) => name.endsWith('.mjs'))) {
    if (metafile.outputs[`dist/${file}`] === undefined) rmSync(path.join('dist', file));
  }
}
