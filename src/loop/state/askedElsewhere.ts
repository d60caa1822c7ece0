/** The open requests of other windows' agents, as their owners have written them. */
import type { AgentRequest } from '../../runtime/agentRequest.ts';
import type { TownMirror } from '../../town/live/mirror.ts';
import { decodeRequests } from '../agent/requestCodec.ts';

export class AskedElsewhere {
  private readonly mirror: TownMirror;
  /** By agent: the requests, and the text that they were read from. */
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
