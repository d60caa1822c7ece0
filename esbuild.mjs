// Builds the bundles that run: the extension, and whatever runs beside it. `--watch` rebuilds, `--dev` keeps source maps.
import { readFileSync } from 'node:fs';
import * as esbuild from 'esbuild';

const watch = process.argv.includes('--watch');
const dev = watch || process.argv.includes('--dev');

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** @type {esbuild.BuildOptions} */
const options = {
  entryPoints: { extension: 'src/extension.ts', mcp: 'src/tools/mcp.ts', tt: 'src/tools/tt.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode'],
  loader: { '.lua': 'text' },
  define: { TINYTOWN_VERSION: JSON.stringify(version) },
  minify: !dev,
  sourcemap: dev,
  logLevel: 'warning',
};

if (watch) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
