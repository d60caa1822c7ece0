/**
 * Decides whether a command in `tt:{town}:control:{agent}` comes from the user. Anybody who can write to Redis can write there.
 * So a command must prove the town's key, be meant for the present owner, and be new.
 */
import type { ControlRequest } from '../stores/delivery.ts';
import type { TownKey } from './townKey.ts';

/**
 * `unproven`: it carries no valid proof. `otherTownKey`: it has another key, perhaps that of another machine of the user.
 * `ownerChanged`: it is proven but was meant for an earlier owner. `repeated`: it was carried out before.
 */
export type Refusal = 'unproven' | 'otherTownKey' | 'ownerChanged' | 'repeated';

export class ControlGuard {
  private readonly key: TownKey;
  private readonly place: { town: string; agentId: string };
  private readonly epoch: string;
  /** Nonces seen by this owner. Those of earlier owners fail by their epoch. Only the user's own windows can add any. */
  private readonly used = new Set<string>();

  /** @param epoch The owner's: see `leases.ts`. */
  constructor(key: TownKey, place: { town: string; agentId: string }, epoch: string) {
    this.key = key;
    this.place = place;
    this.epoch = epoch;
  }

  /** Why the command must not be carried out; undefined if it may be, once. @throws TinytownError `townKeyUnusable` */
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
