/**
 * `npm run bench [-- --json FILE] [--only NAME,…] [--quick]`: measures every row and prints a table. This file only does what
 * must come before anything else is loaded.
 */
import { reportSetUpErrors } from '../../scripts/setup/run.ts';
import { ensureSystemPackages } from '../../scripts/setup/systemPackages.ts';

await reportSetUpErrors(async () => {
  await ensureSystemPackages();
  // Later imports load Lua scripts.
  await import(new URL('../support/luaHook.mjs', import.meta.url).href);
  const { bench } = await import('./bench.ts');
  await bench(process.argv.slice(2));
});
