/** `tinytown.toml`, which a folder shares with `tt`. It is read the way `tt` reads it, and never rewritten. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TomlError, parse, stringify } from 'smol-toml';
import * as z from 'zod/mini';
import { _default as orElse } from 'zod/mini';
import { TinytownError } from '../util/errors.ts';
import { readRegularFile } from '../util/regularFile.ts';
import { type Said, type Sentence, say } from '../util/sentence.ts';
import { townNameProblem } from './keys.ts';
import { decodingProblem } from './records/records.ts';

export const TOWN_FILE = 'tinytown.toml';

const MOST_BYTES = 1_048_576;

const text = z.string('is not a text');
const flag = z.boolean('is neither true nor false');
const whole = z.int('is not a whole number').check(z.nonnegative('is negative'));

const redis = z.object({
  url: z.optional(text),
  use_socket: orElse(flag, true),
  socket_path: orElse(text, '.tt/redis.sock'),
  host: orElse(text, '127.0.0.1'),
  port: orElse(whole.check(z.maximum(65_535, 'is no port')), 6379),
  password: z.optional(text),
  tls_enabled: orElse(flag, false),
  tls_cert: z.optional(text),
  tls_key: z.optional(text),
  tls_ca_cert: z.optional(text),
});

const agentCli = z.object({
  command: text,
  env: orElse(z.record(z.string(), text), {}),
});

const config = z.object({
  name: z.string('is missing'),
  default_cli: z.optional(text),
  max_agents: z.optional(whole),
  agent: orElse(z.object({ idle_timeout_secs: z.optional(whole), persistent: z.optional(flag) }, 'is not a table'), {}),
  redis: z.optional(redis),
  agent_clis: orElse(z.record(z.string(), agentCli), {}),
});

/** How the file says to reach Redis. Missing parts have `tt`'s defaults. */
export interface TownRedisConfig {
  url?: string | undefined;
  useSocket: boolean;
  /** Absolute. */
  socketPath: string;
  host: string;
  port: number;
  password?: string | undefined;
  tls: boolean;
  /** Absolute paths. */
  tlsFiles: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined };
}

/** What the file says. Fields that it does not set are undefined. */
export interface TownConfig {
  name: string;
  defaultCli?: string | undefined;
  maxAgents?: number | undefined;
  agent: { idleTimeoutSeconds?: number | undefined; persistent?: boolean | undefined };
  /** Undefined if the file has no `[redis]`. */
  redis?: TownRedisConfig | undefined;
  /** Without the presets that `tt init` writes into every file, because nobody has chosen them. */
  agentClis: Readonly<Record<string, { command: string; env: Readonly<Record<string, string>> }>>;
}

/** The commands that `tt init` (0.10.0) writes for its own names. */
const ttPresets: Readonly<Record<string, string>> = {
  claude: 'claude --print --dangerously-skip-permissions',
  auggie: 'auggie --print',
  codex: 'codex exec --dangerously-bypass-approvals-and-sandbox',
  'codex-mini':
    'codex exec --dangerously-bypass-approvals-and-sandbox -m gpt-5.4-mini -c model_reasoning_effort="medium"',
  aider: 'aider --yes --no-auto-commits --message',
  gemini: 'gemini',
  copilot: 'gh copilot',
  cursor: 'cursor',
};

/** The configuration, or what is wrong with it and what to do. */
export type ReadConfig = { ok: true; value: TownConfig } | { ok: false; reason: Sentence };

/** The text of the folder's `tinytown.toml`. @throws Error with the code `ENOENT` if there is none or it cannot be read */
export function readTownFile(folder: string): Promise<string> {
  return readRegularFile(path.join(folder, TOWN_FILE), MOST_BYTES);
}

/**
 * The configuration of the town in `folder`; undefined if it has no `tinytown.toml`. For a malformed file, the reason names the
 * line and says what to do. The file is left as it is.
 */
export async function readTownConfig(folder: string): Promise<ReadConfig | undefined> {
  let source: string;
  try {
    source = await readTownFile(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: say('{0} cannot be read: {1}.', TOWN_FILE, why) };
  }
  return parseTownConfig(source, folder);
}

/** Decodes the text of a `tinytown.toml`. Relative paths in it are relative to `folder`. */
export function parseTownConfig(source: string, folder: string): ReadConfig {
  let table: unknown;
  try {
    table = parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = 'It is not TOML'] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    const { line, column } = error;
    const reason = say('{0}, line {1}, column {2}: {3}. Correct this line.', TOWN_FILE, line, column, what);
    return { ok: false, reason };
  }
  const decoded = config.safeParse(table);
  if (!decoded.success) {
    const field = decoded.error.issues[0]?.path.map(String) ?? [];
    return wrong(source, field, `${decodingProblem(decoded.error)}.`);
  }
  const it = decoded.data;
  const nameProblem = townNameProblem(it.name);
  if (nameProblem !== undefined) return wrong(source, ['name'], nameProblem);
  return {
    ok: true,
    value: {
      name: it.name,
      defaultCli: it.default_cli === '' ? undefined : it.default_cli,
      maxAgents: it.max_agents,
      agent: { idleTimeoutSeconds: it.agent.idle_timeout_secs, persistent: it.agent.persistent },
      redis: it.redis && redisConfig(it.redis, folder),
      agentClis: Object.fromEntries(Object.entries(it.agent_clis).filter(([name, cli]) => !isTtPreset(name, cli))),
    },
  };
}

function isTtPreset(name: string, { command, env }: z.infer<typeof agentCli>): boolean {
  return Object.hasOwn(ttPresets, name) && ttPresets[name] === command.trim() && Object.keys(env).length === 0;
}

/**
 * Makes `folder` a town: writes a `tinytown.toml` that `tt` accepts, and nothing else. All our own data is in the extension's
 * storage. Never writes through a link.
 * @throws TinytownError `townExists` if there is a file already, `townNameInvalid`, `folderUnwritable`
 */
export async function writeTownConfig(folder: string, { name }: { name: string }): Promise<void> {
  const problem = townNameProblem(name);
  if (problem !== undefined) throw new TinytownError('townNameInvalid', problem, { hint: 'Choose another name.' });
  const source = `# A Tinytown: https://github.com/redis-field-engineering/tinytown\n${stringify({ name, default_cli: 'codex' })}`;
  try {
    await writeFile(path.join(folder, TOWN_FILE), source, { flag: 'wx' });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      throw new TinytownError('townExists', say('{0} is already a town: it has a {1}.', folder, TOWN_FILE), { cause });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TinytownError('folderUnwritable', say('The town’s files cannot be written: {0}.', why), { cause });
  }
}

/** A town name made from the folder's name. Characters that a town name may not have become dashes. */
export function suggestTownName(folder: string): string {
  const name = path
    .basename(path.resolve(folder))
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, '-')
    .trim();
  return townNameProblem(name) === undefined ? name : 'town';
}

function redisConfig(it: z.infer<typeof redis>, folder: string): TownRedisConfig {
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined || file === '' ? undefined : path.resolve(folder, file);
  return {
    url: it.url?.trim() === '' ? undefined : it.url?.trim(),
    useSocket: it.use_socket,
    socketPath: path.resolve(folder, it.socket_path),
    host: it.host,
    port: it.port,
    password: it.password === '' ? undefined : it.password,
    tls: it.tls_enabled,
    tlsFiles: { ca: absolute(it.tls_ca_cert), cert: absolute(it.tls_cert), key: absolute(it.tls_key) },
  };
}

/** The parser reports no positions for values, so the line is found by the field's last name. */
function wrong(source: string, field: readonly string[], what: Said): { ok: false; reason: Sentence } {
  const last = field.at(-1);
  const lines = source.split('\n');
  const at = last === undefined ? -1 : lines.findIndex((line) => line.trim().startsWith(last) && line.includes('='));
  const reason =
    at < 0
      ? say('{0}: {1} Correct the file; nothing was changed in it.', TOWN_FILE, what)
      : say('{0}, line {1}: {2} Correct the file; nothing was changed in it.', TOWN_FILE, at + 1, what);
  return { ok: false, reason };
}
