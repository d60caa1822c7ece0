/** Runs a program of the setup quietly until it exits. Its output is shown only if it fails. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** The time limit in milliseconds, after which the program is ended. */
  timeout?: number;
}

/** What a setup step could not do, and what the reader can do. Printed without a stack. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}

export function say(text: string): void {
  process.stdout.write(`[setup] ${text}\n`);
}

/** Resolves with the output if the program exits with 0. Otherwise rejects with the end of its output. */
export function run(command: string, args: readonly string[], { cwd, env, timeout }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env, timeout, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-20_000)));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const tail = `${output}\n${errors}`.trim().split('\n').slice(-30).join('\n');
      return reject(
        new SetUpError(`\`${[command, ...args].join(' ')}\` ended with ${code ?? signal ?? 'no code'}:\n${tail}`),
      );
    });
  });
}

/** This process's environment without the variables of `npm run`, which would affect another npm in another folder. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const own =
    /^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local|global)_prefix|config_user_agent)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** Runs `main`. If the setup fails, says what to do and sets the exit code. */
export async function reportSetUpErrors(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`[setup] ${error.message}\n`);
    process.exitCode = 1;
  }
}
