/**
 * The log of each round, for people: `{town}_{agent}-{id}_round_{n}.log` in the extension's own storage, which agents cannot
 * write to. Each file is limited in size, and all files in number: the oldest are deleted first.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { TurnItem } from '../../runtime/turnItem.ts';
import { describeError } from '../../util/errors.ts';
import type { Logger } from '../../util/logger.ts';
import { appendPrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { stripControls } from '../../util/text.ts';

/** Most bytes of one log, and most logs of all towns together. */
const LIMITS = { bytes: 1_000_000, files: 200 };

const CUT = '\n── The log ends here: it has reached its size limit.\n';

/** Longest name of a town or an agent within a file name, in characters of up to 4 bytes. */
const NAME_LENGTH = 24;

/** Where the logs of all rounds are, below the extension's storage folder. */
export function roundLogFolder(storageDir: string): string {
  return path.join(storageDir, 'logs');
}

/** The prefix of an agent's log file names. */
export function roundLogPrefix(town: string, agent: { id: string; name: string }): string {
  return `${fileWord(town)}_${fileWord(agent.name)}-${fileWord(agent.id.slice(0, 8))}_round_`;
}

export class RoundLog {
  private readonly folder: string;
  private readonly limits: typeof LIMITS;
  private readonly logger: Logger;
  private readonly queue = new SerialQueue();
  private file: string | undefined;

  /** @param folder See {@link roundLogFolder}. */
  constructor(folder: string, logger: Logger, limits = LIMITS) {
    this.folder = folder;
    this.limits = limits;
    this.logger = logger;
  }

  /** Begins the log of a round with what the agent was told. */
  begin(town: string, agent: { id: string; name: string }, round: number, prompt: string): void {
    this.file = path.join(this.folder, `${roundLogPrefix(town, agent)}${round}.log`);
    this.write(`── ${new Date().toISOString()} prompt\n${prompt}\n`);
    this.quietly(() => this.deleteOldest());
  }

  handle(event: RuntimeEvent): void {
    if (event.type === 'itemCompleted') this.write(itemText(event.item));
    else if (event.type === 'turnCompleted') {
      const { outcome } = event;
      const why = outcome.status === 'failed' ? `: ${outcome.message}` : '';
      this.write(`── ${new Date().toISOString()} ${outcome.status}${why}\n`);
    }
  }

  /** Resolves when everything so far is written, or has failed. */
  async written(): Promise<void> {
    await this.queue.idle();
  }

  private write(text: string): void {
    const { file } = this;
    if (file === undefined || text === '') return;
    this.quietly(async () => {
      await ensurePrivateFolder(this.folder);
      await appendPrivate(file, stripControls(text), this.limits.bytes, CUT);
    });
  }

  private async deleteOldest(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.log'));
    if (names.length <= this.limits.files) return;
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(this.folder, name);
        return { file, at: (await stat(file).catch(() => undefined))?.mtimeMs ?? 0 };
      }),
    );
    const oldest = files.toSorted((a, b) => a.at - b.at).slice(0, files.length - this.limits.files);
    for (const { file } of oldest) await rm(file, { force: true });
  }

  private quietly(job: () => Promise<void>): void {
    this.queue
      .run(job)
      .catch((error: unknown) => this.logger.debug(`The round's log was not written: ${describeError(error)}`));
  }
}

function fileWord(text: string): string {
  return Array.from(text.replace(/[^\p{L}\p{N}.-]+/gu, '_'))
    .slice(0, NAME_LENGTH)
    .join('');
}

function itemText(item: TurnItem): string {
  switch (item.kind) {
    case 'agentMessage':
      return `${item.text}\n`;
    case 'command':
      return `$ ${item.command}\n${item.output}${item.output.endsWith('\n') ? '' : '\n'}[exit ${item.exitCode ?? item.status}]\n`;
    case 'fileChange':
      return item.changes.map(({ path: file, change, diff }) => `${change} ${file}\n${diff}\n`).join('');
    case 'toolCall':
      return `${item.tool} ${item.arguments}\n${item.result ?? ''}\n[${item.status}]\n`;
    default:
      return '';
  }
}
