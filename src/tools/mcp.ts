/**
 * The town's operations as tools of an MCP server on standard input and output, for agents that have a session. It runs
 * outside their sandbox, connects on the first call, and exits when its input ends.
 */
import { type CallToolResult, Server, type Tool } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod/mini';
import { TimeoutError, within } from '../util/boundedWait.ts';
import { TinytownError, describeError } from '../util/errors.ts';
import { silentLogger } from '../util/logger.ts';
import { stripControls } from '../util/text.ts';
import { catalogue } from './catalogue.ts';
import type { Effect, Operation } from './operation.ts';
import type { ToolConnection } from './toolConnection.ts';
import { version } from './version.ts';

const offered = catalogue.filter(({ commandOnly }) => !commandOnly);

/** How long a tool may take, in milliseconds. A hanging call would block its agent. */
const DEFAULT_LIMIT_MS = 60_000;
const limitMs = Number(process.env.TINYTOWN_TOOL_LIMIT_MS) || DEFAULT_LIMIT_MS;

const hints: Record<Effect, Tool['annotations']> = {
  reads: { readOnlyHint: true, openWorldHint: false },
  adds: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  changes: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
};

const objectSchema = z.looseObject({ type: z.literal('object') });

function toolOf({ name, description, effect, schema }: Operation): Tool {
  const inputSchema = objectSchema.parse(z.toJSONSchema(schema, { io: 'input' }));
  return { name, description, inputSchema, annotations: hints[effect] };
}

/** Calls a tool. Errors go to the model as results, because it can correct them, and not to the protocol. */
async function call(door: () => Promise<ToolConnection>, name: string, args: unknown): Promise<CallToolResult> {
  try {
    const operation = offered.find((one) => one.name === name);
    if (!operation) return failed(`There is no tool ${name}. There are: ${offered.map((one) => one.name).join(', ')}.`);
    const answer = door()
      .then((opened) => opened.open())
      .then((context) => operation.run(context, args));
    const text = await within(answer, limitMs, name);
    return { content: [{ type: 'text', text: text.toWellFormed() }] };
  } catch (error) {
    return failed(describeError(error instanceof TimeoutError ? tookTooLong(name) : error));
  }
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text: stripControls(text).toWellFormed() }], isError: true };
}

function tookTooLong(name: string): TinytownError {
  return new TinytownError('timeout', `${name} did not respond within ${limitMs / 1_000} s.`, {
    hint: 'It may still have been done. Check the town’s status before you try again.',
  });
}

function makeServer(door: () => Promise<ToolConnection>): Server {
  const server = new Server({ name: 'tinytown', version }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: offered.map(toolOf) }));
  server.setRequestHandler('tools/call', ({ params }) => call(door, params.name, params.arguments));
  return server;
}

/** Loads the Redis code only when a tool is called, so that the server starts fast. */
async function makeDoor(): Promise<ToolConnection> {
  const { ToolConnection } = await import('./toolConnection.ts');
  return new ToolConnection({ env: process.env, logger: silentLogger });
}

function main(): void {
  let door: Promise<ToolConnection> | undefined;
  serveStdio(() => makeServer(() => (door ??= makeDoor())));
  // The parent process is gone, so nobody reads answers anymore.
  process.stdin.once('close', () => process.exit(0));
}

main();
