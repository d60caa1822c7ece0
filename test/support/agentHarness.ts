/** Shared by runtime tests: an agent with its own private folder and registry, and a record of its events. */
import path from 'node:path';
import type { CliCommand } from '../../src/runtime/clis.ts';
import type { CodingAgent, RuntimeEvent } from '../../src/runtime/codingAgent.ts';
import { OneShotAgent } from '../../src/runtime/oneShotAgent.ts';
import { PersistentAgent, type PersistentAgentOptions } from '../../src/runtime/persistentAgent.ts';
import type { Logger } from '../../src/util/logger.ts';
import { ProcessRegistry } from '../../src/process/processRegistry.ts';
import { type CodexHome, codexHome, codexPath } from './codexHome.ts';
import { eventually } from './eventually.ts';
import { type ScriptedModel, startScriptedModel } from './scriptedModel.ts';
import { tempDir } from './tempDir.ts';

type EventOf<T extends RuntimeEvent['type']> = Extract<RuntimeEvent, { type: T }>;

/** All events of one agent, and a way to wait for the next one that fits. */
export class Recording {
  readonly events: RuntimeEvent[] = [];

  constructor(agent: CodingAgent) {
    agent.onEvent((event) => this.events.push(event));
  }

  of<T extends RuntimeEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** The first event of `type` that fits, past or future. */
  next<T extends RuntimeEvent['type']>(
    type: T,
    fits: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    return eventually(() => this.of(type).find((event) => fits(event)), { what: `The event ${type}` });
  }
}

/** A model, a codex home, a workspace and a registry for one test, and agents on them. */
export class AgentBench {
  readonly agents: CodingAgent[] = [];
  readonly logged: string[] = [];
  readonly model: ScriptedModel;
  readonly home: CodexHome;
  readonly workspace: string;
  readonly registry: ProcessRegistry;
  private readonly removeFolder: () => Promise<void>;

  static async open(home: Parameters<typeof codexHome>[1] = {}): Promise<AgentBench> {
    const model = await startScriptedModel();
    return new AgentBench(model, await codexHome(model.url, home), await tempDir('agent'));
  }

  private constructor(model: ScriptedModel, home: CodexHome, folder: Awaited<ReturnType<typeof tempDir>>) {
    this.model = model;
    this.home = home;
    this.workspace = folder.path;
    this.registry = new ProcessRegistry(path.join(home.home, 'registry'));
    this.removeFolder = () => folder.remove();
  }

  get logger(): Logger {
    const log = (message: string): unknown => this.logged.push(message);
    return { trace() {}, debug: log, info: log, warn: log, error: log };
  }

  persistent(options: Partial<PersistentAgentOptions> = {}): { agent: PersistentAgent; record: Recording } {
    const { workspace: cwd, registry, logger } = this;
    const { env } = this.home;
    const rest = {
      codexPath,
      approvalPolicy: 'on-request',
      sandbox: 'workspace-write',
      deniedFolders: [],
      clientVersion: '0.0.0',
    } as const;
    const agent = new PersistentAgent({ cwd, env, registry, logger, ...rest, ...options });
    return { agent, record: this.watch(agent) };
  }

  oneShot(cli: CliCommand): { agent: OneShotAgent; record: Recording } {
    const { workspace: cwd, registry, logger } = this;
    const agent = new OneShotAgent({ cli, cwd, env: this.home.env, registry, logger });
    return { agent, record: this.watch(agent) };
  }

  watch(agent: CodingAgent): Recording {
    this.agents.push(agent);
    return new Recording(agent);
  }

  /** Ends every agent and removes everything. */
  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.model.close();
    await this.home.remove();
    await this.removeFolder();
  }
}
