/** A town that is open in this window for one folder, with its agents' loops, until the window or the folder closes. */
import path from 'node:path';
import { accountFolder } from '../runtime/account.ts';
import { agentEnvironment } from '../runtime/agentEnvironment.ts';
import { chooseRuntime, modelOf, usesCodex } from '../runtime/clis.ts';
import { signedOut } from './actions/newAgent.ts';
import { CodexService } from '../runtime/codexService.ts';
import type { ReadHistory } from '../runtime/historyPages.ts';
import { Runtimes } from '../runtime/runtimes.ts';
import { ACCESS_VARIABLE, AccessFiles } from '../town/accessFile.ts';
import { type TownConfig, readTownConfig } from '../town/config.ts';
import type { TownMirror } from '../town/live/mirror.ts';
import type { AgentRecord, TaskRecord } from '../town/records/records.ts';
import { onThisMachine } from '../town/redis/address.ts';
import type { RedisTimes } from '../town/redis/connect.ts';
import { openTownRedis } from '../town/redis/open.ts';
import { placed, socketRoot } from '../town/redis/privatePlace.ts';
import { type RedisClaim, claimedServers, resolveRedis } from '../town/redis/resolve.ts';
import { SUPERVISOR_ID } from '../town/keys.ts';
import { Town } from '../town/town.ts';
import { TownKey } from '../town/control/townKey.ts';
import type { WakeTimes } from '../town/live/wake.ts';
import { DisposableStore, toDisposable } from '../util/disposable.ts';
import { TinytownError, describeError } from '../util/errors.ts';
import { folderIdentity } from '../util/folderIdentity.ts';
import type { Logger } from '../util/logger.ts';
import { ProcessRegistry } from '../process/processRegistry.ts';
import { processesNaming } from '../process/processTable.ts';
import { storing } from '../util/storing.ts';
import { type ActionRules, TownActions } from './actions/actions.ts';
import { summaryOf } from './actions/conversationSummary.ts';
import { BacklogOffers } from './backlogOffers.ts';
import { AgentRunner } from './agentRunner.ts';
import { Follower } from './state/follower.ts';
import { type TownExamination, examineTown } from './doctor/examination.ts';
import type { AgentRunnerParts, TownFacts } from './agent/loopParts.ts';
import { roundLogFolder, roundLogPrefix } from './agent/roundLog.ts';
import { TownPlaces } from './agent/townPlaces.ts';
import { OwnThreads } from './agent/ownThreads.ts';
import { UnwrittenHolds } from './agent/unwrittenHolds.ts';
import { LimitFiles } from './agent/limitFiles.ts';
import { LimitHolds } from './agent/limitHolds.ts';
import { Receipts } from './state/receipts.ts';
import { PastTurns } from './state/pastTurns.ts';
import { PickupChoice } from './pickupChoice.ts';
import { RETRY_MS } from './agent/restartPolicy.ts';
import type { TownSettings } from './settings.ts';
import type { Confirmations } from './trust/confirmations.ts';
import { PermissionChoices } from './trust/permissionChoices.ts';
import { isWithin } from './trust/permissionModes.ts';
import { RedisUnconfirmed } from './trust/redisUnconfirmed.ts';
import { TownTrust } from './trust/townTrust.ts';
import type { Answer } from './trust/workspaceValue.ts';
import { SignsOfLife, type SignOfLifeTimes } from './state/signsOfLife.ts';
import { thisHome } from './thisHome.ts';
import { TownFolder } from './townFolder.ts';
import {
  type ToolBundles,
  type ToolServer,
  accessOf,
  commandFolder,
  personsTools,
  toolsConfig,
  townEnvironment,
} from './townAccess.ts';

export interface TownSession {
  readonly name: string;
  readonly folder: string;
  readonly mirror: TownMirror;
  readonly runner: AgentRunner;
  readonly actions: TownActions;
  /** The path of the logs of an agent's rounds, with `…` for the number of the round. */
  roundLogs(agent: AgentRecord): string;
  /** What became of the messages to each agent. */
  readonly receipts: Receipts;
  /** What agents that this window does not run are doing, while somebody looks at them. */
  readonly follower: Follower;
  /** Reads stored turns of an agent's own threads; it rejects with `foreignThread` for any other. */
  historyOf(agentId: string): ReadHistory;
  /** The last turns of agents, from before this window saw them. */
  readonly past: PastTurns;
  /** What is allowed in this folder, and the user's answers about it. */
  readonly trust: TownTrust;
  /** The Redis servers that are used or skipped because of the user's answer. */
  readonly redisClaims: readonly RedisClaim[];
  /** Codex, for questions that are not about one agent. */
  readonly codex: CodexService;
  /** Proves to other windows that the user asks. */
  readonly townKey: TownKey;
  /** Whether agents may pick up backlog tasks on their own. */
  readonly pickup: PickupChoice;
  /** The town's tools for the person's other programs. */
  readonly tools: ToolServer;
  /**
   * Resolves if agents of `cli` (by default the town's own) can run, as far as that depends on Codex.
   * @throws TinytownError `programUnusable` with what to do about it
   */
  checkCodex(cli?: string): Promise<void>;
  /**
   * Resolves if Codex is signed in, or need not be, for agents of the town's own CLI. Starts Codex.
   * @throws TinytownError `unauthorized`
   */
  checkSignedIn(): Promise<void>;
  /** Tries at once to reach a Redis that is away. @throws TinytownError with a `RedisErrorReason` if something is wrong */
  tryRedis(): Promise<void>;
  /** What the doctor needs to know. Never rejects. */
  examine(): Promise<TownExamination>;
  /** Call after the settings have changed. */
  settingsChanged(): void;
  /** Ends every process, gives the agents back and leaves their state for the next window. */
  close(): Promise<void>;
}

export interface SessionOptions {
  folder: string;
  /** The extension's own folder on this machine; private to the user. */
  storageDir: string;
  /** May change while the town is open. Values that can take effect then are read when they are needed. */
  settings: TownSettings;
  /** Of this folder. */
  confirmations: Confirmations;
  /** The extension's version. */
  version: string;
  bundles: ToolBundles;
  logger: Logger;
  /** For tests that play another machine: its id. */
  machine?: string | undefined;
  /** For tests that cannot wait as long as people can. */
  times?: Partial<SessionTimes>;
}

export interface SessionTimes {
  /** How long a window that gives no sign of life keeps its agents, in milliseconds. */
  leaseMs: number;
  /** The wait before the first retry, in milliseconds. */
  retryMs: number;
  /** How long an owner's write waits for a Redis that is away, in milliseconds. Then the running turn is ended. */
  patienceMs: number;
  signsOfLife: SignOfLifeTimes;
  redis: Partial<RedisTimes>;
  wake: Partial<WakeTimes>;
  /** How often to check whether a used-up limit is reset, in milliseconds. */
  limitTickMs: number;
  /** How long the backlog must stay unchanged before it is offered, in milliseconds. */
  quietMs: number;
  /** How long another window may take to answer a request, in milliseconds. */
  answerMs: number;
  /** How long a session's process may take to answer anything, in milliseconds. Then it is ended. */
  replyMs: number;
}

const DEFAULT_IDLE_SECONDS = 300;

/**
 * Opens the town of a folder that has a `tinytown.toml`.
 * @throws TinytownError `badTownConfig`, `noTown`, `storageRefuses`, or with a `RedisErrorReason`; {@link RedisUnconfirmed}
 */
export function openTownSession(options: SessionOptions): Promise<TownSession> {
  return storing(async () => {
    const begun = new DisposableStore();
    try {
      return await openSession(options, begun);
    } catch (error) {
      begun.dispose();
      throw error;
    }
  });
}

/** @param begun Takes what must end if the town cannot be opened. */
async function openSession(options: SessionOptions, begun: DisposableStore): Promise<TownSession> {
  const { folder, storageDir, settings, confirmations, version, bundles, logger, times } = options;
  const config = await townConfig(folder);
  const registry = new ProcessRegistry(path.join(storageDir, 'processes'));
  const { redisUrl: setting, redisPassword: password, redisServerPath: serverPath } = settings;
  const identity = await folderIdentity(folder);
  const { path: realFolder } = identity ?? { path: folder };
  const townFolder = new TownFolder(folder, identity);
  const { env } = process;
  const answer = (claim: RedisClaim): Answer => confirmations.answer(claim);
  const resolved = resolveRedis({ setting, password, env, config, folder: realFolder, storageDir, answer });
  if ('asks' in resolved) throw new RedisUnconfirmed(resolved.asks);
  const target = await placed(resolved.target, folder, true);
  const sockets = await socketRoot(path.join(storageDir, 'redis'));
  const [redis, reaped] = await Promise.all([
    openTownRedis(target, { serverPath, env, registry, logger }, times?.redis),
    registry.reap(),
  ]);
  if (reaped > 0) logger.warn(`Ended ${reaped} processes that an earlier window had left behind.`);
  const home = await thisHome(folder, agentEnvironment(process.env, settings.codexEnv), options.machine);
  begun.add(toDisposable(() => redis.close()));
  const town = await Town.open(redis, config.name, logger, times);
  begun.add(toDisposable(() => town.close()));
  logger.info(`Town ${config.name} is open on ${redis.where}.`);
  const townKey = new TownKey(storageDir, config.name);

  const trust = new TownTrust(settings, config, confirmations);
  const permissions = begun.add(new PermissionChoices(storageDir, realFolder, config.name, logger));
  await permissions.start();
  const accessFiles = new AccessFiles(storageDir, config.name, target);
  await accessFiles.deleteOld();
  await accessFiles.write(SUPERVISOR_ID);
  const runtimes = new Runtimes(registry, version, () => trust.runtimeSettings(), times?.replyMs);
  const rules = runtimeRules(trust);
  const signs = begun.add(
    new SignsOfLife({
      town,
      // Loops that share a socket with us are on this machine.
      processesNaming: onThisMachine(target) ? processesNaming : undefined,
      logger,
      times: times?.signsOfLife,
    }),
  );
  const limits = begun.add(
    new LimitHolds({
      files: new LimitFiles(storageDir, await accountFolder({ ...process.env, ...settings.codexEnv })),
      retryMs: times?.retryMs ?? RETRY_MS,
      tickMs: times?.limitTickMs,
      logger,
    }),
  );
  await limits.start();
  const pickup = begun.add(new PickupChoice(storageDir, realFolder, config.name));
  await pickup.start();
  const places = new TownPlaces(storageDir, realFolder, config.name);
  const ownThreads = new OwnThreads(storageDir, config.name);
  const { mirror, keys } = town;
  const offers = new BacklogOffers({ choice: pickup, mirror, redis, keys, quietMs: times?.quietMs });
  const parts: AgentRunnerParts = {
    limits,
    offers,
    home,
    folderProblem: () => townFolder.problem(),
    folder,
    logFolder: roundLogFolder(storageDir),
    unwrittenHolds: new UnwrittenHolds(storageDir, logger),
    ownThreads,
    places,
    townName: config.name,
    windowId: town.leases.windowId,
    keys: town.keys,
    townKey,
    delivery: town.delivery,
    picture: townFacts(town),
    access: (agent, mode) => accessOf(agent.cli || rules.defaultCli(), mode, trust.agentClis()),
    silence: (agentId) => signs.silence(agentId),
    failTask: async (id, error) => void (await town.tasks.fail(id, error)),
    choose: rules.choose,
    usesCodex: rules.usesCodex,
    maxAgents: () => trust.maxAgents(),
    program: (agent) => {
      if (rules.choose(agent).mode === 'persistent') return undefined;
      const claim = trust.program(agent.cli || rules.defaultCli());
      return claim && { claim, answer: confirmations.answer(claim) };
    },
    permissions: ({ id }) => trust.permissions(permissions.of(id)),
    permissionMode: (id) => permissions.of(id),
    modelOf: ({ cli, modelChosen, ...own }) => ({
      ...modelOf(cli || rules.defaultCli(), settings, own),
      chosenBefore: modelChosen ?? false,
    }),
    createRuntime: async (agent, mode) => {
      const access = await accessFiles.write(agent.id);
      const hasTools = accessOf(agent.cli || rules.defaultCli(), mode, trust.agentClis()) === 'tools';
      return await runtimes.create({
        mode,
        agentId: agent.id,
        cli: agent.cli || rules.defaultCli(),
        cwd: folder,
        model: agent.model,
        reasoningEffort: agent.reasoningEffort,
        ...trust.permissions(permissions.of(agent.id)),
        // What the extension keeps for all towns of this user: keys, sockets and data.
        deniedFolders: [storageDir, ...sockets],
        workspaceExtras: () => codex.workspaceExtras(),
        // Codex's sandbox hides the file from commands; they need not even know its name.
        env: { ...townEnvironment(config.name, agent), ...(!hasTools && { [ACCESS_VARIABLE]: access }) },
        threadConfig: toolsConfig(access, bundles),
        commandFolder: await commandFolder(storageDir, bundles),
        logger,
      });
    },
    endProcessesOf: async (agentId) => {
      const ended = await registry.endAllOf(agentId);
      if (ended > 0) logger.info(`Ended ${ended} processes that another window had run for the agent ${agentId}.`);
    },
    policy: () => ({
      idleTimeoutMs: 1_000 * (settings.idleTimeoutSeconds ?? config.agent.idleTimeoutSeconds ?? DEFAULT_IDLE_SECONDS),
      maxRounds: trust.maxRounds(),
      maxAttempts: settings.maxAttempts,
    }),
    retryMs: times?.retryMs ?? RETRY_MS,
    logger,
    now: () => Date.now(),
  };
  const runner = new AgentRunner(parts, town.mirror, town.wake, town.leases);
  const codex = new CodexService({
    program: () => runtimes.codexProgram(),
    cwd: folder,
    clientVersion: version,
    logger,
    registry,
  });
  const historyOf = (agentId: string): ReadHistory =>
    ownThreads.readerOf(agentId, (threadId, page) => codex.history(threadId, page));
  codex.onSignedIn(() => runner.account.signedIn());
  runner.account.onFound(() => void town.signIns.tell());
  town.signIns.onNews(() => {
    runner.account.signedInElsewhere();
    for (const id of town.mirror.agents.keys()) runner.poke(id);
  });
  runner.start();
  signs.onDidChange(() => runner.signsChanged());
  const answers = confirmations.onDidChange(() => runner.rulesChanged());
  permissions.onDidChange(() => runner.rulesChanged());
  /** If somebody recreates a removed agent's record, it must not get the removed agent's permissions. */
  const dropGonePermissions = (all: boolean): void => {
    const settings = trust.permissions(undefined);
    permissions
      .dropGone(
        (id) => town.mirror.agents.has(id),
        (mode) => isWithin(trust.permissions(mode), settings),
        all,
      )
      .catch((error: unknown) => logger.warn(`Permissions were not removed: ${describeError(error)}`));
  };
  dropGonePermissions(true);
  const gone = town.mirror.onDidChange(() => dropGonePermissions(false));
  const receipts = new Receipts(town.messages, town.mirror, town.wake, logger);
  const follower = new Follower(town, logger);
  return {
    name: config.name,
    folder,
    roundLogs: (agent) => path.join(parts.logFolder, `${roundLogPrefix(config.name, agent)}….log`),
    mirror: town.mirror,
    runner,
    actions: new TownActions(town, runner, signs, {
      ...rules,
      summaryOf: async (agentId, threadId) =>
        await historyOf(agentId)(threadId, { cursor: null, limit: 6 }).then(
          ({ turns }) => summaryOf(turns),
          () => undefined,
        ),
      home,
      townKey,
      permissions: {
        of: (mode) => trust.permissions(mode),
        chosen: (id) => permissions.of(id),
        choose: (id, mode) => permissions.choose(id, mode),
      },
      answerMs: times?.answerMs,
    }),
    receipts,
    follower,
    historyOf,
    past: new PastTurns({
      historyOf,
      agent: (id) => town.mirror.agents.get(id),
      logger,
    }),
    trust,
    redisClaims: claimedServers({ setting, env, config }).map(({ claim }) => claim),
    codex,
    townKey,
    pickup,
    tools: personsTools(accessFiles.fileOf(SUPERVISOR_ID), bundles),
    checkCodex: async (cli = rules.defaultCli()) => {
      if (chooseRuntime({ cli, persistentWanted: true }).mode === 'persistent') await runtimes.findCodex();
    },
    checkSignedIn: async () => {
      if (chooseRuntime({ cli: rules.defaultCli(), persistentWanted: true }).mode !== 'persistent') return;
      if ((await codex.account()).state !== 'signedOut') return;
      throw signedOut();
    },
    tryRedis: () => redis.tryNow(),
    examine: () => examineTown(town, runner),
    settingsChanged: () => runner.rulesChanged(),
    close: async () => {
      answers.dispose();
      gone.dispose();
      permissions.dispose();
      receipts.dispose();
      follower.dispose();
      signs.dispose();
      offers.dispose();
      pickup.dispose();
      await Promise.all([runner.close(), codex.close()]);
      await places.close();
      town.close();
    },
  };
}

async function townConfig(folder: string): Promise<TownConfig> {
  const config = await readTownConfig(folder);
  if (!config) throw new TinytownError('noTown', 'This folder has no tinytown.toml, so it is not a town yet.');
  if (config.ok) return config.value;
  throw new TinytownError('badTownConfig', config.reason, { hint: 'The town opens on its own once that is saved.' });
}

/** An agent's own choice beats the town's. */
function runtimeRules(trust: TownTrust): Omit<ActionRules, 'home' | 'townKey' | 'permissions'> {
  const defaultCli = (): string => trust.defaultCli();
  const choose: ActionRules['choose'] = (agent) => {
    const cli = agent.cli || defaultCli();
    return chooseRuntime({ cli, persistentWanted: agent.persistent ?? trust.persistent(cli) });
  };
  return {
    defaultCli,
    choose,
    usesCodex: (agent) => usesCodex(agent.cli || defaultCli(), choose(agent).mode, trust.agentClis()),
    maxAgents: () => trust.maxAgents(),
  };
}

function townFacts({ mirror, tasks }: Town): TownFacts {
  const task = (id: string): TaskRecord | undefined => mirror.tasks.get(id.toLowerCase());
  return {
    task,
    freshTasks: async (ids) => (ids.length === 0 ? [] : (await tasks.read(ids)).tasks),
    nameOf: (id) => (id === SUPERVISOR_ID ? 'the supervisor' : (mirror.agents.get(id)?.name ?? id)),
  };
}
