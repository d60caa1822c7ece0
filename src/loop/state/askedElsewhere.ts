/** What agents of other windows ask, as their owners have written it. */
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { TownMirror } from '../../town/mirror.ts';
import { decodeRequests } from '../agent/requestCodec.ts';

export class AskedElsewhere {
  private readonly mirror: TownMirror;
  /** With the text that it was read from. */
  private readonly known = new Map<string, { raw: string; requests: readonly AgentRequest[] }>();

  constructor(mirror: TownMirror) {
    this.mirror = mirror;
  }

  /** Oldest first; the same list while nothing changes. */
  of(agentId: string): readonly AgentRequest[] {
    const raw = this.mirror.requests(agentId) ?? '[]';
    const known = this.known.get(agentId);
    if (known?.raw === raw) return known.requests;
    const requests = decodeRequests(raw);
    this.known.set(agentId, { raw, requests });
    return requests;
  }
}
