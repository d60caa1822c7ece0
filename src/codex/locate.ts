/** Finds the codex to run, or says why there is no usable one. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { oneLine } from '../util/text.ts';
import { type Environment, findProgram, parseable } from '../process/programs.ts';
import { type Sentence, say } from '../util/sentence.ts';

const run = promisify(execFile);

/**
 * The oldest version that agents run on. `codex exec` up to 0.166 starts the MCP servers of a project that the user does not
 * trust (`npm run codex-versions`).
 */
const codexFloor = '0.169.0';

export type CodexLocation =
  | {
      ok: true;
      path: string;
      version: string;
      /** The PATH for the process, because codex may be a script that needs a program from there. */
      searchPath: string;
    }
  | {
      ok: false;
      reason: 'notFound' | 'notExecutable' | 'broken' | 'tooOld';
      /** One sentence for the user. */
      message: Sentence;
      /** What they can do. */
      hint: Sentence;
    };

const installHint = say('Install it with "npm install -g @openai/codex", or set "tinytown.codex.path".');

/** Locates codex. Remembers each file's version until the file changes. */
export class CodexLocator {
  private readonly versions = new Map<string, Promise<string | undefined>>();

  /**
   * @param setting The setting `codex.path`: an absolute path or a command; empty for `codex` on the PATH.
   * @param env The environment that codex will get.
   */
  async locate(setting: string, env: Environment): Promise<CodexLocation> {
    const command = setting.trim() || 'codex';
    const search = await findProgram(command, env);
    if (!search.ok) {
      if (search.reason === 'notExecutable') {
        const message = say('{0} is not an executable file.', search.file);
        return { ok: false, reason: 'notExecutable', message, hint: say('Correct the setting "tinytown.codex.path".') };
      }
      const message = setting.trim() ? say('{0} was not found.', search.file) : say('Codex was not found on the PATH.');
      return { ok: false, reason: 'notFound', message, hint: installHint };
    }
    const { file, searchPath } = search.program;
    const version = await this.versionOf(file, { ...env, PATH: searchPath });
    if (version === undefined) {
      const message = say('{0} printed no version when run with --version. It does not seem to be Codex.', file);
      return { ok: false, reason: 'broken', message, hint: installHint };
    }
    if (isOlder(version, codexFloor)) {
      const message = say('{0} is Codex {1}; {2} or newer is needed.', file, version, codexFloor);
      const hint = say('Update it with "npm install -g @openai/codex@latest".');
      return { ok: false, reason: 'tooOld', message, hint };
    }
    return { ok: true, path: file, version, searchPath };
  }

  private async versionOf(file: string, env: Environment): Promise<string | undefined> {
    const { mtimeMs } = await stat(file);
    const key = `${file}\n${mtimeMs}`;
    const known = this.versions.get(key) ?? probe(file, env);
    this.versions.set(key, known);
    const version = await known;
    // A failure may be temporary, so only a version is remembered.
    if (version === undefined) this.versions.delete(key);
    return version;
  }
}

const probeLimitMs = 10_000;

/** The first start after installation can take seconds. */
async function probe(file: string, env: Environment): Promise<string | undefined> {
  try {
    const options = { env: parseable(env), timeout: probeLimitMs, killSignal: 'SIGKILL', windowsHide: true } as const;
    // A .cmd shim runs only through a shell. Its path is the only input to that shell.
    const { stdout } = /\.(cmd|bat)$/i.test(file)
      ? await run(`"${file}" --version`, [], { ...options, shell: true })
      : await run(file, ['--version'], options);
    return /\b(\d+\.\d+\.\d+)/.exec(oneLine(stdout))?.[1];
  } catch {
    return undefined;
  }
}

/** Compares three-part versions. Suffixes (`-alpha.1`) are ignored. */
export function isOlder(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part += 1) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
