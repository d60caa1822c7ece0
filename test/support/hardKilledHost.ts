/**
 * Stands in for an extension host that is killed. It starts the test's processes under a registry folder, prints their ids, and
 * waits. `node test/support/hardKilledHost.ts REGISTRY CWD CODEX`
 */
import { startStdioTransport } from '../../src/codex/transport.ts';
import { silentLogger } from '../../src/util/logger.ts';
import { spawnManaged } from '../../src/process/processes.ts';
import { ProcessRegistry } from '../../src/process/processRegistry.ts';

const [folder = '', cwd = '', codexPath = ''] = process.argv.slice(2);
const registry = new ProcessRegistry(folder);
const { env } = process;
const logger = silentLogger;
const server = await startStdioTransport({ codexPath, cwd, env, registry, generation: 1, logger });
// This one ignores the end of its input.
const deaf = await spawnManaged('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], {
  cwd,
  env,
  registry,
  purpose: 'one-shot deaf',
});
process.stdout.write(`${JSON.stringify({ server: server.pid, deaf: deaf.pid })}\n`);
