// Lets plain Node import a Lua script as a string, as the bundler does: `node --import ./test/support/luaHook.mjs …`.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    if (!url.endsWith('.lua')) return nextLoad(url, context);
    const script = readFileSync(new URL(url), 'utf8');
    return { format: 'module', source: `export default ${JSON.stringify(script)};`, shortCircuit: true };
  },
});
