/**
 * Whether the agents of a town may pick up backlog tasks on their own. Turns cost money, so only the user can allow it. The
 * answer is kept in the extension's private storage, where no agent, repository or client of Redis can write it. All windows of
 * the user on this machine share it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { shortDigest } from '../util/digest.ts';
import type { Disposable } from '../util/disposable.ts';
import { Emitter } from '../util/event.ts';
import { writePrivate } from '../util/privateFiles.ts';
import { ensurePrivateFolder } from '../util/privateFolder.ts';

const texts = { yes: 'yes\n', no: 'no\n' } as const;

export type PickupAnswer = keyof typeof texts;

export class PickupChoice implements Disposable {
  private readonly folder: string;
  private readonly file: string;
  private known: PickupAnswer | undefined;
  private watcher: FSWatcher | undefined;
  /** Counts reads and answers. Only the latest one takes effect. */
  private looks = 0;
  private readonly changed = new Emitter<void>();
  /** The answer has changed. */
  readonly onDidChange = this.changed.event;

  /** @param storageDir The extension's. @param townFolder The real path: another folder with a town of this name is another town. */
  constructor(storageDir: string, townFolder: string, town: string) {
    this.folder = path.join(storageDir, 'pickup');
    this.file = path.join(this.folder, shortDigest(JSON.stringify([townFolder, town])));
  }

  /** The last known answer; undefined until the user has given one. */
  get answer(): PickupAnswer | undefined {
    return this.known;
  }

  /** Reads the answer, and follows changes by other windows. */
  async start(): Promise<void> {
    await ensurePrivateFolder(this.folder);
    try {
      const look = (): void => void this.read();
      this.watcher = watch(this.folder, { persistent: false }, look).on('error', () => undefined);
    } catch {
      // Without a watcher, the answer is read before each offer.
    }
    await this.read();
  }

  /** The current answer. Undefined if it cannot be read. */
  async read(): Promise<PickupAnswer | undefined> {
    this.looks += 1;
    const look = this.looks;
    const text = await readFile(this.file, 'utf8').catch(() => '');
    // A slow look must not undo what was found or set since.
    if (look !== this.looks) return this.known;
    this.note(text === texts.yes ? 'yes' : text === texts.no ? 'no' : undefined);
    return this.known;
  }

  /** Keeps the user's answer. */
  async set(answer: PickupAnswer): Promise<void> {
    await ensurePrivateFolder(this.folder);
    await writePrivate(this.file, texts[answer]);
    this.looks += 1;
    this.note(answer);
  }

  dispose(): void {
    this.watcher?.close();
    this.changed.dispose();
  }

  private note(answer: PickupAnswer | undefined): void {
    if (answer === this.known) return;
    this.known = answer;
    this.changed.fire();
  }
}
