/** The log of each round, for people and scripts: `.tt/logs/{agent}_round_{n}.log` in the town's folder, for every runtime. */
import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RuntimeEvent } from '../../runtime/codingAgent.ts';
import type { TurnItem } from '../../runtime/turnItem.ts';
import { describeError } from '../../util/errors.ts';
import type { Logger } from '../../util/logger.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { stripControls } from '../../util/text.ts';

export class RoundLog {
  private readonly folder: string;
  private readonly logger: Logger;
  private readonly queue = new SerialQueue();
  private file: string | undefined;

  /** @param folder The town's folder. */
  constructor(folder: string, logger: Logger) {
    this.folder = path.join(folder, '.tt', 'logs');
    this.logger = logger;
  }

  /** Begins the log of a round with what the agent was told. */
  begin(agentName: string, round: number, prompt: string): void {
    const name = agentName.replace(/[^\p{L}\p{N}._-]+/gu, '_');
    this.file = path.join(this.folder, `${name}_round_${round}.log`);
    this.write(`── ${new Date().toISOString()} prompt\n${prompt}\n`);
  }

  handle(event: RuntimeEvent): void {
    if (event.type === 'itemCompleted') this.write(itemText(event.item));
    else if (event.type === 'turnCompleted') {
      const { outcome } = event;
      const why = outcome.status === 'failed' ? `: ${outcome.message}` : '';
      this.write(`── ${new Date().toISOString()} ${outcome.status}${why}\n`);
    }
  }

  private write(text: string): void {
    const { file } = this;
    if (file === undefined || text === '') return;
    this.queue
      .run(async () => {
        await mkdir(this.folder, { recursive: true, mode: 0o700 });
        await appendFile(file, stripControls(text), { mode: 0o600 });
      })
      .catch((error: unknown) => this.logger.debug(`The round's log was not written: ${describeError(error)}`));
  }
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
