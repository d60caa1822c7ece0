/**
 * The receipts of a town's messages, for screens and programs. Reads only agents that somebody asks about, and again only after
 * a change, so a town that nobody looks at costs nothing.
 */
import { type Disposable, DisposableStore } from '../../util/disposable.ts';
import { describeError } from '../../util/errors.ts';
import { Emitter } from '../../util/event.ts';
import type { Logger } from '../../util/logger.ts';
import type { MessageSnapshot, MessageSnapshots } from '../../town/stores/messageSnapshot.ts';
import type { TownMirror } from '../../town/live/mirror.ts';
import type { AgentRecord } from '../../town/records/records.ts';
import type { Wake, WakeSource } from '../../town/live/wake.ts';
import { type Receipt, receiptsOf } from './receipt.ts';

interface Known {
  look: MessageSnapshot | undefined;
  /** Made from `look` when somebody asks. */
  receipts: readonly Receipt[] | undefined;
  /** Something has changed since the look. */
  stale: boolean;
  reading: Promise<void> | undefined;
  /** The part of the agent's record that changes when its messages have moved. */
  record: string;
}

const listKinds: ReadonlySet<Wake['kind']> = new Set([
  'inbox',
  'urgent',
  'inflight',
  'held',
  'dead',
  'settled',
  'lease',
]);

export class Receipts implements Disposable {
  private readonly looks: MessageSnapshots;
  private readonly mirror: TownMirror;
  private readonly logger: Logger;
  private readonly store = new DisposableStore();
  private readonly known = new Map<string, Known>();
  private readonly changes = this.store.add(new Emitter<string>());
  /** An agent's messages may have moved, or were read again. Fires often, with the agent's id. */
  readonly onDidChange = this.changes.event;

  constructor(looks: MessageSnapshots, mirror: TownMirror, wake: WakeSource, logger: Logger) {
    this.looks = looks;
    this.mirror = mirror;
    this.logger = logger;
    this.store.add(wake.onChange((change) => this.woken(change)));
    this.store.add(
      mirror.onDidChange(({ agents, tasks, everything }) => {
        for (const [id, known] of this.known) {
          if (!mirror.agents.has(id)) this.known.delete(id);
          else if (agents.has(id) && known.record !== recordPart(mirror.agents.get(id))) this.changed(id);
          if (tasks || everything) known.receipts = undefined;
        }
      }),
    );
  }

  /**
   * An agent's receipts as last read, in the order of handling. Undefined before the first reading. If something has changed
   * since, reads them again and fires {@link onDidChange}.
   */
  of(agentId: string): readonly Receipt[] | undefined {
    const known = this.known.get(agentId) ?? this.add(agentId);
    if (known.stale) void this.read(agentId, known);
    return this.made(known);
  }

  /** Resolves after the first reading, even if it failed. Undefined if that is over. */
  first(agentId: string): Promise<void> | undefined {
    const known = this.known.get(agentId) ?? this.add(agentId);
    return known.look ? undefined : this.read(agentId, known);
  }

  /** The current receipts, in one round trip. @throws TinytownError with a `RedisErrorReason` */
  async list(agentId: string): Promise<readonly Receipt[]> {
    return receiptsOf(await this.looks.at(agentId), (id) => this.mirror.tasks.get(id.toLowerCase()));
  }

  /**
   * Waits until one message's receipt `fits`; undefined means that there is none anymore. Resolves with it, or after `limitMs`
   * with the last one seen.
   */
  async until(
    { agentId, messageId }: { agentId: string; messageId: string },
    fits: (receipt: Receipt | undefined) => boolean,
    limitMs: number,
  ): Promise<Receipt | undefined> {
    const end = performance.now() + limitMs;
    for (;;) {
      const changed = this.nextChange(agentId, Math.max(0, end - performance.now()));
      const receipt = (await this.list(agentId)).find((one) => one.messageId === messageId);
      if (fits(receipt) || performance.now() >= end) return receipt;
      await changed;
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private nextChange(agentId: string, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve();
      };
      const timer = setTimeout(done, limitMs).unref();
      const listening = this.changes.event((id) => id === agentId && done());
    });
  }

  private add(agentId: string): Known {
    const known: Known = { look: undefined, receipts: undefined, stale: true, reading: undefined, record: '' };
    this.known.set(agentId, known);
    return known;
  }

  private made(known: Known): readonly Receipt[] | undefined {
    if (!known.look) return undefined;
    known.receipts ??= receiptsOf(known.look, (id) => this.mirror.tasks.get(id.toLowerCase()));
    return known.receipts;
  }

  private woken({ kind, id }: Wake): void {
    if (kind === 'everything') {
      for (const agentId of this.mirror.agents.keys()) this.changed(agentId);
    } else if (kind === 'windowLease') {
      // A window gave a sign of life, or ended. This affects what its agents have in flight.
      for (const [agentId, { look }] of this.known) {
        if (look?.owner === id && look?.inflight.length !== 0) this.changed(agentId);
      }
    } else if (id !== undefined && listKinds.has(kind)) {
      this.changed(id);
    }
  }

  private changed(agentId: string): void {
    const known = this.known.get(agentId);
    if (known) known.stale = true;
    this.changes.fire(agentId);
  }

  /** Reads them again, unless a reading is under way. The next change, or the return of Redis, retries a failed reading. */
  private read(agentId: string, known: Known): Promise<void> {
    known.reading ??= this.readNow(agentId, known)
      .catch((error: unknown) =>
        this.logger.debug(`Reading the messages of ${agentId} failed: ${describeError(error)}`),
      )
      .finally(() => {
        known.reading = undefined;
      });
    return known.reading;
  }

  private async readNow(agentId: string, known: Known): Promise<void> {
    known.stale = false;
    known.record = recordPart(this.mirror.agents.get(agentId));
    known.look = await this.looks.at(agentId);
    known.receipts = undefined;
    this.changes.fire(agentId);
  }
}

/** Leaves out the heartbeat, which is no change. */
function recordPart(record: AgentRecord | undefined): string {
  return `${record?.state ?? ''} ${record?.lastActiveAt ?? ''}`;
}
