/** The two programs that agents use to act on their town, run as processes: the MCP server and the `tt` command. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { within } from '../../src/util/boundedWait.ts';
import { PATIENCE_MS } from './eventually.ts';

const answer = z.looseObject({ id: z.number(), result: z.optional(z.looseObject({})) });
type Answer = z.infer<typeof answer>;
const toolResult = z.object({
  content: z.tuple([z.object({ type: z.literal('text'), text: z.string() })]),
  isError: z.optional(z.boolean()),
});

/** A client of an MCP server on a child's standard input and output. */
export class McpClient {
  readonly child: ChildProcess;
  /** Every line on its standard output. */
  readonly lines: string[] = [];
  stderr = '';
  private lastId = 0;
  private readonly pending = new Map<number, { resolve: (said: Answer) => void; reject: (error: Error) => void }>();

  constructor(bundle: string, { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string }) {
    this.child = spawn(process.execPath, [bundle], { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('The server has no pipes.');
    createInterface({ input: stdout }).on('line', (line) => this.take(line));
    this.child.once('exit', () => {
      for (const { reject } of this.pending.values()) reject(new Error('The server ended without an answer.'));
    });
    stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  async request(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = (this.lastId += 1);
    const answered = new Promise<Answer>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.send({ id, method, params });
    const line = await within(answered, PATIENCE_MS, `The answer to ${method}`);
    if (!line.result) throw new Error(JSON.stringify(line));
    return line.result;
  }

  notify(method: string): void {
    this.send({ method });
  }

  async initialize(): Promise<Record<string, unknown>> {
    const clientInfo = { name: 'test', version: '1' };
    const result = await this.request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    this.notify('notifications/initialized');
    return result;
  }

  /** Calls a tool. Resolves with its text, which begins with `ERROR: ` if the tool reports an error. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const { content, isError } = toolResult.parse(await this.request('tools/call', { name, arguments: args }));
    return `${isError === true ? 'ERROR: ' : ''}${content[0].text}`;
  }

  /** Closes its input and resolves with the exit code. A process that does not exit is killed. */
  async close(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.stdin?.end();
    try {
      await within(exited, PATIENCE_MS, 'The end of the server');
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
    return this.child.exitCode;
  }

  private take(line: string): void {
    this.lines.push(line);
    const said = answer.parse(JSON.parse(line));
    this.pending.get(said.id)?.resolve(said);
    this.pending.delete(said.id);
  }

  private send(message: Record<string, unknown>): void {
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program until it exits. */
export function runToEnd(
  program: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { ...options, timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(error ?? new Error(`${program} has no exit code.`));
    });
  });
}
