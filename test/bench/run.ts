/**
 * `npm run bench [-- --json FILE] [--only NAME,…] [--quick]`: measures what bench.md of the specification names and prints a
 * table. Here only what must come before anything else is loaded.
 */
import { reportSetUpErrors } from '../../scripts/setup/run.ts';
import { ensureSystemPackages } from '../../scripts/setup/systemPackages.ts';

await reportSetUpErrors(async () => {
  await ensureSystemPackages();
  // What comes after it imports Lua scripts.
  await import(new URL('../support/luaHook.mjs', import.meta.url).href);
  const { bench } = await import('./bench.ts');
  await bench(process.argv.slice(2));
});
