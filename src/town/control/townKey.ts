/**
 * The town's key, which the user's own windows have and other clients of the same Redis do not. It is kept in the extension's
 * storage on each of the user's machines, never in Redis. With it a window proves that a command to an agent's owner
 * (`control.ts`) comes from the user, and that words are the user's own (`personsWords.ts`).
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { shortDigest } from '../../util/digest.ts';
import { TinytownError } from '../../util/errors.ts';
import { readOrCreatePrivate, writePrivate } from '../../util/privateFiles.ts';
import { ensurePrivateFolder } from '../../util/privateFolder.ts';
import { say } from '../../util/sentence.ts';
import { SerialQueue } from '../../util/serialQueue.ts';
import { storageRefuses } from '../../util/storing.ts';

/** A command to an agent's owner, as covered by its proof. */
export interface ProvenCommand {
  town: string;
  agentId: string;
  action: string;
  /** All fields of the command, except `key` and `proof`. */
  fields: Readonly<Record<string, string>>;
}

/** `key` identifies the key without revealing it. */
export interface Proof {
  key: string;
  proof: string;
}

/** `otherKey`: made with another key, or claims to be. `wrong`: not a proof of this command. */
export type ProofCheck = 'right' | 'otherKey' | 'wrong';

export class TownKey {
  private readonly file: string;
  /** Reads one after the other, so that commands sent at the same moment keep their order. */
  private readonly reads = new SerialQueue();

  /** The town's key, created on first use. @param storageDir The extension's storage folder. */
  constructor(storageDir: string, town: string) {
    const name = shortDigest(town);
    this.file = path.join(storageDir, 'keys', `${name}.key`);
  }

  /** The key, for the user to take to another machine. Never log it. @throws TinytownError `townKeyUnusable`, `storageRefuses` */
  read(): Promise<string> {
    return this.reads.run(() => this.readNow());
  }

  private async readNow(): Promise<string> {
    let text;
    try {
      await ensurePrivateFolder(path.dirname(this.file));
      text = (await readOrCreatePrivate(this.file, randomBytes(32).toString('base64url'))).trim();
    } catch (cause) {
      if (storageRefuses(cause)) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TinytownError('townKeyUnusable', say('The town key cannot be read: {0}.', why), { cause });
    }
    if (isTownKey(text)) return text;
    const hint = 'Delete the file, or enter the key of another machine.';
    throw new TinytownError('townKeyUnusable', say('The file {0} does not contain a town key.', this.file), { hint });
  }

  /** Adopts the key of another machine, for all windows of this one. @throws TinytownError `badTownKey` */
  async replace(text: string): Promise<void> {
    const key = text.trim();
    if (!isTownKey(key)) {
      const hint = 'Copy it on the other machine with “Tinytown: Copy Town Key”.';
      throw new TinytownError('badTownKey', 'This is not a town key.', { hint });
    }
    await ensurePrivateFolder(path.dirname(this.file));
    await writePrivate(this.file, key);
  }

  async prove(command: ProvenCommand): Promise<Proof> {
    const key = await this.read();
    return { key: idOf(key), proof: proofOf(key, command).toString('base64url') };
  }

  async check(command: ProvenCommand, claimed: Partial<Proof>): Promise<ProofCheck> {
    const key = await this.read();
    const right = proofOf(key, command);
    const proof = Buffer.from(claimed.proof ?? '', 'base64url');
    if (proof.length === right.length && timingSafeEqual(proof, right)) return 'right';
    return claimed.key !== undefined && claimed.key !== idOf(key) ? 'otherKey' : 'wrong';
  }

  /** Proofs of texts, in their order, that only the user's windows can make. @throws TinytownError `townKeyUnusable` */
  async proofsOf(texts: readonly string[]): Promise<string[]> {
    const key = Buffer.from(await this.read(), 'base64url');
    return texts.map((text) =>
      createHmac('sha256', key)
        .update(JSON.stringify(['tinytown text 1', text]))
        .digest('base64url'),
    );
  }
}

export function isTownKey(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

function idOf(key: string): string {
  return createHash('sha256').update(`tinytown key id ${key}`).digest('hex').slice(0, 12);
}

/** Covers everything in the command, in an encoding that no two commands share. */
function proofOf(key: string, { town, agentId, action, fields }: ProvenCommand): Buffer {
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', Buffer.from(key, 'base64url'))
    .update(JSON.stringify(['tinytown control 1', town, agentId, action, sorted]))
    .digest();
}
