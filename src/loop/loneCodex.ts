/** The window's Codex if no town is open: to sign in, or to find out what is wrong. */
import path from 'node:path';
import { CodexService } from '../runtime/codexService.ts';
import { Runtimes } from '../runtime/runtimes.ts';
import { homeFolder } from '../util/homeFolder.ts';
import type { Logger } from '../util/logger.ts';
import { ProcessRegistry } from '../process/processRegistry.ts';
import type { TownSettings } from './settings.ts';

export function loneCodex(options: {
  /** The extension's own folder on this machine. */
  storageDir: string;
  settings: TownSettings;
  /** The extension's version. */
  version: string;
  logger: Logger;
}): CodexService {
  const { storageDir, settings, version, logger } = options;
  const registry = new ProcessRegistry(path.join(storageDir, 'processes'));
  const runtimes = new Runtimes(registry, version, () => settings);
  const program = (): ReturnType<Runtimes['codexProgram']> => runtimes.codexProgram();
  return new CodexService({ program, cwd: homeFolder(), clientVersion: version, logger, registry });
}
