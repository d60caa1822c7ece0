/**
 * What the user has confirmed for a folder, value by value. Kept where neither agents nor other clients of the Redis can write,
 * and as digests, because some values hold passwords. Only the window remembers a refusal.
 */
import { createHash } from 'node:crypto';
import { Emitter } from '../../util/event.ts';
import type { RedisClaim } from '../../town/redis/resolve.ts';
import type { Answer } from './workspaceValue.ts';

/** Settings that a workspace may only narrow on its own. */
export type NarrowedSetting =
  'codex.sandbox' | 'codex.approvalPolicy' | 'agent.cli' | 'agent.persistent' | 'agent.maxRounds' | 'maxAgents';

/** Something that counts only once the user has confirmed it. */
export type Claim =
  /** A value of the workspace's settings or of `tinytown.toml`. */
  | { kind: 'setting'; name: NarrowedSetting; value: string }
  | RedisClaim
  /** What agents of this CLI run: the whole command, and its extra environment variables. */
  | { kind: 'program'; cli: string; command: string; env: Readonly<Record<string, string>> };

export type ProgramClaim = Extract<Claim, { kind: 'program' }>;

/** Where confirmations outlive the window. */
export interface ConfirmationMemory {
  keys(): readonly string[];
  add(key: string): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

export class Confirmations {
  private readonly prefix: string;
  private readonly memory: ConfirmationMemory;
  private readonly confirmed = new Set<string>();
  private readonly declined = new Set<string>();
  private readonly changes = new Emitter<void>();
  /** An answer was given or taken back. */
  readonly onDidChange = this.changes.event;

  /** @param folder The town's folder, absolute. */
  constructor(folder: string, memory: ConfirmationMemory) {
    this.prefix = `confirmed/${digest(folder)}/`;
    this.memory = memory;
  }

  answer(claim: Claim): Answer {
    const key = this.keyOf(claim);
    if (this.declined.has(key)) return 'declined';
    if (!this.confirmed.has(key) && this.memory.keys().includes(key)) this.confirmed.add(key);
    return this.confirmed.has(key) ? 'confirmed' : 'open';
  }

  async confirm(claim: Claim): Promise<void> {
    const key = this.keyOf(claim);
    await this.memory.add(key);
    this.declined.delete(key);
    this.confirmed.add(key);
    this.changes.fire();
  }

  /** Also takes a confirmation back. */
  async decline(claim: Claim): Promise<void> {
    const key = this.keyOf(claim);
    this.declined.add(key);
    this.confirmed.delete(key);
    await this.memory.delete(key);
    this.changes.fire();
  }

  /** Forgets every answer for this folder. Resolves with the number of confirmations. */
  async forget(): Promise<number> {
    const keys = this.memory.keys().filter((key) => key.startsWith(this.prefix));
    for (const key of keys) await this.memory.delete(key);
    this.declined.clear();
    this.confirmed.clear();
    this.changes.fire();
    return keys.length;
  }

  private keyOf(claim: Claim): string {
    return this.prefix + claimId(claim);
  }
}

/** Identifies a claim. Different claims have different ids. */
export function claimId(claim: Claim): string {
  switch (claim.kind) {
    case 'setting':
      return digest(claim.kind, claim.name, claim.value);
    case 'redisAddress':
    case 'redisVariable':
      return digest(claim.kind, claim.value);
    case 'program': {
      const env = Object.entries(claim.env).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return digest(claim.kind, claim.cli, claim.command, ...env.flat());
    }
  }
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
