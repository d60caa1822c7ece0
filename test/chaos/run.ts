/** One run: carries out a seed's schedule in its own world, waits for quiet at the end, and checks the promises. */
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { Disasters, GARBAGE, nameOf } from './disasters.ts';
import { userMessagesOf } from './histories.ts';
import { Ledger } from './ledger.ts';
import { Random } from '../support/random.ts';
import { type AgentKind, type Schedule, scheduleOf } from './schedule.ts';
import { markersIn, violations } from './verdict.ts';
import type { ChaosWindow, Wish } from './window.ts';
import { OTHER_CLI, World } from './world.ts';
import { type Writer, rawWriter, windowWriter } from './writers.ts';

export interface RunResult {
  seed: number;
  violations: string[];
  messages: number;
  /** How many of them got no reply to their write. */
  uncertain: number;
  disasters: Map<string, number>;
  lostReplies: number;
  requests: number;
  subAgents: number;
  /** The reason for each restart of an agent by hand. */
  restarts: string[];
  seconds: number;
  /** Where the windows' log is kept, if a promise was broken or the caller wants it. */
  log: string | undefined;
}

/** How long everything may take to settle, in milliseconds. */
const QUIET_MS = 60_000;

/** @param keep Keeps the folders of the run, including logs. */
export async function run(seed: number, { keep = false } = {}): Promise<RunResult> {
  const started = Date.now();
  const schedule = scheduleOf(seed);
  const world = await World.create(seed);
  const ledger = new Ledger();
  const found: string[] = [];
  let disasters: Disasters | undefined;
  const restarts: string[] = [];
  try {
    const agentIds = await spawnAgents(world, schedule.agents);
    const oneShot = new Set(schedule.agents.flatMap((kind, agent) => (kind === 'session' ? [] : [agent])));
    if (schedule.waitsForAgents) await agentsAreUp(world, agentIds);
    disasters = new Disasters(world, new Random(seed ^ 0xd15a), agentIds, ledger);
    for (const disaster of schedule.disasters) if (disaster.do === 'toggle') oneShot.add(disaster.agent);
    await carryOut(world, schedule, ledger, disasters, agentIds);
    await disasters.mend();
    await becomeQuiet(world, agentIds, { ledger, found, restarts });
    found.push(...(await whatIsLeft(world, agentIds)), ...(await spinning(world)));
    await closeWindows(world, found);
    const threads = await Promise.all(
      agentIds.map((id) => world.direct.hget(world.keys.agent(id), 'runtime_session_id')),
    );
    const histories = await userMessagesOf(world.home, threads);
    const settled = await Promise.all(agentIds.map((id) => world.direct.lrange(world.keys.settled(id), 0, -1)));
    const runs = world.otherRuns().map((text, number) => ({ threadId: `run ${number}`, userTexts: [text] }));
    const requests = [...world.model.requests, ...runs];
    found.push(...violations(ledger, { histories, requests, oneShot, settled }));
    for (const worker of new Set(world.watch.overlaps)) found.push(`two processes at work for ${worker}`);
  } catch (error) {
    found.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
  await world.end();
  const isKept = keep || found.length > 0;
  if (!isKept) await world.remove();
  return {
    seed,
    violations: found,
    messages: ledger.messages.length,
    uncertain: ledger.messages.filter(({ certain }) => !certain).length,
    disasters: disasters?.counts ?? new Map(),
    lostReplies: world.proxy.lost,
    requests: world.model.requests.length,
    subAgents: world.watch.children.size,
    restarts,
    seconds: (Date.now() - started) / 1000,
    log: isKept ? world.logFile : undefined,
  };
}

async function spawnAgents(world: World, kinds: readonly AgentKind[]): Promise<string[]> {
  const window = world.openWindow();
  await window.opened();
  for (const [agent, kind] of kinds.entries()) {
    const cli = kind === 'other' ? OTHER_CLI : 'codex';
    const failure = await window.ask({ do: 'spawn', agent: nameOf(agent), cli, persistent: kind !== 'exec' });
    if (failure !== undefined) throw new Error(`An agent could not be made: ${failure}`);
  }
  const ids = new Map<string, string>();
  for (const key of await world.direct.keys(world.keys.patternOf('agent'))) {
    const { id = '', name = '' } = await world.direct.hgetall(key);
    ids.set(name, id);
  }
  return kinds.map((_, agent) => ids.get(nameOf(agent)) ?? '');
}

async function agentsAreUp({ direct, keys }: World, agentIds: readonly string[]): Promise<void> {
  for (const id of agentIds) {
    const isUp = async (): Promise<boolean> => (await direct.hget(keys.agent(id), 'state')) === 'idle';
    await eventually(isUp, { what: 'An agent that is up' });
  }
}

async function carryOut(
  world: World,
  schedule: Schedule,
  ledger: Ledger,
  disasters: Disasters,
  agentIds: readonly string[],
): Promise<void> {
  const start = Date.now();
  const until = (at: number): Promise<unknown> => pause(Math.max(0, start + at - Date.now()));
  const writers: Writer[] = Array.from({ length: schedule.rawWriters + schedule.windowWriters }, (_, index) =>
    index < schedule.rawWriters
      ? rawWriter(world.redis.socketPath, world.keys)
      : windowWriter(() => world.alive.filter(({ isOpen }) => isOpen), nameOf),
  );
  const writing = writers.map(async (writer, index) => {
    for (const planned of schedule.writes.filter(({ writer: who }) => who === index)) {
      await until(planned.at);
      const throughWindow = index >= schedule.rawWriters;
      const message = { ...planned, throughWindow, certain: false, from: Date.now(), until: Number.POSITIVE_INFINITY };
      // Added before the write, because the message may arrive before its writer knows.
      ledger.add(message);
      message.certain = await writer.write(planned, agentIds[planned.agent] ?? '');
      message.until = Date.now();
    }
    writer.end();
  });
  const happening = schedule.disasters.map(async (disaster) => {
    await until(disaster.at);
    await disasters.happen(disaster);
  });
  await Promise.all([...writing, ...happening]);
}

/** Waits until everything is settled, and helps the agents like a person would. */
async function becomeQuiet(
  world: World,
  agentIds: readonly string[],
  { ledger, found, restarts }: { ledger: Ledger; found: string[]; restarts: string[] },
): Promise<void> {
  world.proxy.loseReplies(0);
  if (world.alive.length === 0) world.openWindow();
  const [window] = world.alive;
  if (!window) throw new Error('There is no window.');
  await window.opened();
  // A limit of the account ends at a time of day. A wrong clock would wait too long for it.
  await Promise.all(world.alive.map((one) => one.ask({ do: 'jumpClock', byMs: 0 })));
  const end = Date.now() + QUIET_MS;
  for (;;) {
    const busy: string[] = [];
    for (const [agent, id] of agentIds.entries()) {
      const { state, waits } = await stateOf(world, id);
      if (state === 'error') restarts.push((await world.direct.hget(world.keys.agent(id), 'last_error')) ?? '');
      if (waits.held > 0) {
        for (const raw of await world.direct.lrange(world.keys.held(id), 0, -1)) {
          for (const marker of markersIn([raw])) ledger.setAside.add(marker);
        }
      }
      await help(window, nameOf(agent), state, waits.held);
      const quiet = (state === 'idle' || state === 'cold') && Object.values(waits).every((count) => count === 0);
      if (!quiet) busy.push(`${nameOf(agent)} is ${state} with ${JSON.stringify(waits)}`);
    }
    if (busy.length === 0) return;
    if (Date.now() > end) {
      found.push(...busy.map((text) => `not quiet after ${QUIET_MS} ms: ${text}`));
      return;
    }
    await pause(50);
  }
}

/** What a person would do about an agent that does not continue on its own. */
async function help(window: ChaosWindow, agent: string, state: string, held: number): Promise<void> {
  const wishes: Wish[] = [];
  if (state === 'error') wishes.push({ do: 'restart', agent });
  if (state === 'paused') wishes.push({ do: 'resume', agent });
  if (held > 0 && state !== 'error') wishes.push({ do: 'runAgain', agent });
  for (const wish of wishes) await window.ask(wish);
}

async function stateOf(
  world: World,
  id: string,
): Promise<{ state: string; waits: Record<'inbox' | 'urgent' | 'inflight' | 'held', number> }> {
  const { keys, direct } = world;
  const [state, inboxTexts, urgentTexts, inflight, held] = await Promise.all([
    direct.hget(keys.agent(id), 'state'),
    direct.lrange(keys.inbox(id), 0, -1),
    direct.lrange(keys.urgent(id), 0, -1),
    direct.hlen(keys.inflight(id)),
    direct.llen(keys.held(id)),
  ]);
  // Informational messages start no turn, so they may wait.
  const [inbox = 0, urgent = 0] = [inboxTexts, urgentTexts].map(
    (texts) => texts.filter((raw) => !raw.includes('"informational"')).length,
  );
  return { state: state ?? 'gone', waits: { inbox, urgent, inflight, held } };
}

async function whatIsLeft({ keys, direct }: World, agentIds: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const [agent, id] of agentIds.entries()) {
    const dead = await direct.lrange(keys.dead(id), 0, -1);
    for (const raw of dead.filter((text) => !text.includes(GARBAGE))) found.push(`given up by agent ${agent}: ${raw}`);
  }
  return found;
}

/** Commands that a quiet town may send within {@link REST_MS}: heartbeats and checks of the connections. */
const MOST_AT_REST = 300;
const REST_MS = 500;

/** Finds a loop that spins without work. */
async function spinning({ direct }: World): Promise<string[]> {
  const commands = async (): Promise<number> =>
    Number(/^total_commands_processed:(\d+)/m.exec(await direct.info('stats'))?.[1]);
  const before = await commands();
  await pause(REST_MS);
  const given = (await commands()) - before;
  return given > MOST_AT_REST ? [`${given} commands within ${REST_MS} ms, with nothing to do`] : [];
}

/** All windows close in order, and leave neither a process nor a lease behind. */
async function closeWindows(world: World, found: string[]): Promise<void> {
  await Promise.all(
    world.alive.map(async (window) => {
      if (!(await window.close())) found.push('a window did not end by itself after it was closed');
    }),
  );
  for (const text of world.windows.flatMap(({ unhandled }) => unhandled)) found.push(`not handled: ${text}`);
  await eventually(() => world.family.members().length === 0, { interval: 50 }).catch(() => undefined);
  for (const { pid, command } of world.family.members()) found.push(`left running: ${pid} ${command.slice(0, 120)}`);
  const leases = await world.direct.keys(`${world.keys.prefix}lease:*`);
  // Leases of killed windows expire on their own.
  for (const key of leases.filter((name) => !name.includes('lease:window:'))) {
    const owner = await world.direct.get(key);
    const pid = Number(owner?.split('/')[1]);
    if (world.windows.some((window) => window.pid === pid && window.closedInOrder)) found.push(`left: ${key} ${owner}`);
  }
}
