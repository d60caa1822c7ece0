/**
 * Holds that Redis has not accepted yet, in the extension's storage, one file for each agent. If a window closes while Redis
 * refuses changes, the next window can still hold the work.
 */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { parseJson } from '../../town/records/records.ts';
import { shortDigest } from '../../util/digest.ts';
import { describeError } from '../../util/errors.ts';
import type { Logger } from '../../util/logger.ts';
import { writePrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';

const holdFate = z.object({ fate: z.literal('hold'), reason: z.string() });
const holds = z.record(z.string(), holdFate);

export type HoldFate = z.infer<typeof holdFate>;
/** By batch. */
export type Holds = ReadonlyMap<string, HoldFate>;

export class UnwrittenHolds {
  private readonly folder: string;
  private readonly logger: Logger;

  /** @param storageDir The extension's own folder. */
  constructor(storageDir: string, logger: Logger) {
    this.folder = path.join(storageDir, 'holds');
    this.logger = logger;
  }

  /** Never rejects; a file that cannot be read counts as empty. */
  async read(agentId: string): Promise<Holds> {
    const text = await readFile(this.fileOf(agentId), 'utf8').catch(() => '{}');
    const decoded = holds.safeParse(parseJson(text));
    return new Map(decoded.success ? Object.entries(decoded.data) : []);
  }

  /** Replaces what is kept for the agent. Never rejects. */
  async keep(agentId: string, kept: Holds): Promise<void> {
    try {
      if (kept.size === 0) return await rm(this.fileOf(agentId), { force: true });
      await ensurePrivateFolder(this.folder);
      await writePrivate(this.fileOf(agentId), JSON.stringify(Object.fromEntries(kept)));
    } catch (error) {
      this.logger.warn(`A window that is opened later may not know of held work: ${describeError(error)}`);
    }
  }

  private fileOf(agentId: string): string {
    return path.join(this.folder, `${shortDigest(agentId)}.json`);
  }
}
