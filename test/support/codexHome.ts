/** A private CODEX_HOME whose model is the scripted one: the real codex with no account and no network. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { tempDir } from './tempDir.ts';

export interface CodexHome {
  /** The folder that `CODEX_HOME` names. */
  home: string;
  /**
   * Variables that isolate codex, including `HOME`. Commands run in a login shell, and the tester's own profile may do anything,
   * be slow, or leave a lock behind when it is killed.
   */
  own: Record<string, string>;
  /** Environment for codex: this process's with {@link own}, without keys of a real account. */
  env: Record<string, string>;
  remove(): Promise<void>;
}

/** Names the folder of an `@openai/codex` package to test with, instead of the pinned one. */
export const CODEX_PACKAGE = 'TINYTOWN_TEST_CODEX';

const codexPackage =
  process.env[CODEX_PACKAGE] ?? path.resolve(import.meta.dirname, '../../node_modules/@openai/codex');

/** The codex for tests: the pinned one of the development dependencies, unless {@link CODEX_PACKAGE} is set. */
export const codexPath = path.resolve(codexPackage, '../../.bin', process.platform === 'win32' ? 'codex.cmd' : 'codex');

/** Its version. */
export const codexVersion = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(path.join(codexPackage, 'package.json'), 'utf8'))).version;

/**
 * @param modelUrl The scripted model's `url`, which ends in `/v1`.
 * @param options.requiresAuth Codex must be signed in before it asks the model. The model takes any key (see {@link signIn}).
 * @param options.streamRetries How often Codex itself retries a failed request to the model.
 */
export async function codexHome(
  modelUrl: string,
  { requiresAuth = false, streamRetries = 0 } = {},
): Promise<CodexHome> {
  const folder = await tempDir('codex-home');
  await writeFile(path.join(folder.path, 'config.toml'), configToml(modelUrl, requiresAuth, streamRetries), {
    mode: 0o600,
  });
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(OPENAI|CODEX)_/.test(name)) env[name] = value;
  }
  const own = { CODEX_HOME: folder.path, HOME: folder.path };
  return { home: folder.path, own, env: { ...env, ...own }, remove: () => folder.remove() };
}

/** Signs in as `codex login --with-api-key` does; the scripted model sees the key in each request's `authorization`. */
export async function signIn(home: string, key: string): Promise<void> {
  await writeFile(path.join(home, 'auth.json'), JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: key }), {
    mode: 0o600,
  });
}

function configToml(modelUrl: string, requiresAuth: boolean, streamRetries: number): string {
  return `model = "scripted"
model_provider = "mock"
check_for_update_on_startup = false
cli_auth_credentials_store = "file"

[analytics]
enabled = false

[model_providers.mock]
name = "Scripted model"
base_url = ${JSON.stringify(modelUrl)}
wire_api = "responses"
requires_openai_auth = ${requiresAuth}
request_max_retries = 0
stream_max_retries = ${streamRetries}
`;
}
