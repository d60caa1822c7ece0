/**
 * Decides whether a command in `tt:{town}:control:{agent}` comes from the user: it must prove the town's key, be meant for the
 * present owner, and be new. Anybody who can write to Redis can write there.
 */
import type { ControlRequest } from './delivery.ts';
import type { TownKey } from './townKey.ts';

/**
 * `unproven`: it carries no valid proof. `otherTownKey`: it may be from another machine of the user's, with another key.
 * `ownerChanged`: it is proven, and was meant for an earlier owner. `repeated`: it was carried out before.
 */
export type Refusal = 'unproven' | 'otherTownKey' | 'ownerChanged' | 'repeated';

export class ControlGuard {
  private readonly key: TownKey;
  private readonly place: { town: string; agentId: string };
  private readonly epoch: string;
  /** Nonces of this owner's time; those of earlier owners come with another epoch. Only the user's own windows add any. */
  private readonly used = new Set<string>();

  /** @param epoch The owner's: see `leases.ts`. */
  constructor(key: TownKey, place: { town: string; agentId: string }, epoch: string) {
    this.key = key;
    this.place = place;
    this.epoch = epoch;
  }

  /** Why the command is not to be carried out; undefined where it is, once. @throws TinytownError `townKeyUnusable` */
  async refusal({ fields: all }: ControlRequest): Promise<Refusal | undefined> {
    const { action = '', key, proof, ...fields } = all;
    const claimed = { ...(key !== undefined && { key }), ...(proof !== undefined && { proof }) };
    const check = await this.key.check({ ...this.place, action, fields }, claimed);
    if (check !== 'right') return check === 'otherKey' ? 'otherTownKey' : 'unproven';
    if (fields.epoch !== this.epoch) return 'ownerChanged';
    const nonce = fields.nonce ?? '';
    if (nonce === '' || this.used.has(nonce)) return 'repeated';
    this.used.add(nonce);
    return undefined;
  }
}
