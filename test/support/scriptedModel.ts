/**
 * Fakes the outermost thing, and only that: the model's HTTP endpoint. A script decides from each request what the model "says".
 * Codex, its protocol, tools, sandbox and history are real. The model records the requests, so that a test can count deliveries.
 * Runs in a test or on its own: `node test/support/scriptedModel.ts --port 0 [--script FILE]` prints `{"url": …}` and serves
 * until it is ended. The default export of FILE is a {@link Script}.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { eventually } from './eventually.ts';
import { type Step, stream } from './scriptedModelStream.ts';

export type { Step } from './scriptedModelStream.ts';

const requestBody = z.looseObject({
  model: z.optional(z.string()),
  instructions: z.optional(z.string()),
  input: z.array(z.looseObject({ type: z.optional(z.string()), role: z.optional(z.string()) })),
  tools: z.optional(z.array(z.looseObject({}))),
});

/** A request from codex to the model, parsed for a script. */
export interface ModelRequest {
  /** Position among all requests of this model, from 0. */
  index: number;
  body: z.infer<typeof requestBody>;
  /** User messages of this conversation, oldest first, without the context that codex adds on its own. */
  userTexts: string[];
  /** The last user message; empty if there is none. */
  lastUserText: string;
  /** The developer instructions of the thread. */
  developerTexts: string[];
  /** Results of the tools called since the last user message, oldest first. */
  toolOutputs: string[];
  /** The thread that the request belongs to; empty if codex does not say. */
  threadId: string;
  /** The signed-in account: `Bearer` and the key; empty for nobody. */
  authorization: string;
  /** Resolves when the request was answered or codex is gone. */
  closed: Promise<void>;
}

/** The model's response to a request: its steps, in order. */
export type Script = (request: ModelRequest) => Step[] | Promise<Step[]>;

export interface ScriptedModel {
  /** Base address for `model_providers.*.base_url`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Replaces the script for later requests. */
  script: Script;
  /** The first request that fits, past or future. */
  waitForRequest(fits: (request: ModelRequest) => boolean): Promise<ModelRequest>;
  /** User texts of the latest request. */
  userMessages(): string[];
  close(): Promise<void>;
}

/** The agent that sent a request. Read from its thread's instructions or, for a one-shot process, from its prompt. */
export function agentOf({ developerTexts, userTexts }: ModelRequest): string {
  return /^You are "(\w+)", /m.exec([...developerTexts, ...userTexts].join('\n'))?.[1] ?? '';
}

/** Answers once, with the start of the user message. */
export const echoScript: Script = ({ lastUserText }) => [{ text: `done: ${lastUserText.slice(0, 60)}` }];

/** A promise that holds a response, and the function that releases it. */
export function gate(): { opened: Promise<void>; open(): void } {
  let resolve: (() => void) | undefined;
  const opened = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { opened, open: () => resolve?.() };
}

export async function startScriptedModel({
  script = echoScript,
  port = 0,
}: { script?: Script; port?: number } = {}): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  const ended = new AbortController();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST' || !request.url?.endsWith('/responses')) {
      response.writeHead(404).end();
      return;
    }
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    response.once('close', () => gone.abort());
    const { authorization = '', 'thread-id': thread } = request.headers;
    // The thread's own id. The prompt cache key of a sub-agent is its parent's.
    const threadId = typeof thread === 'string' ? thread : '';
    const read = { ...readRequest(await bodyOf(request), requests.length), threadId, authorization, closed };
    requests.push(read);
    await stream(response, await model.script(read), AbortSignal.any([ended.signal, gone.signal]));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.destroyed) return;
      response.writeHead(response.headersSent ? 200 : 500).end(String(error));
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The scripted model has no port.');

  const model: ScriptedModel = {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    script,
    waitForRequest: (fits) =>
      eventually(() => requests.find((request) => fits(request)), { what: 'The expected model request' }),
    userMessages: () => requests.at(-1)?.userTexts ?? [],
    async close() {
      ended.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return model;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

const textParts = z.array(z.looseObject({ text: z.optional(z.string()) }));

function readRequest(raw: unknown, index: number): Omit<ModelRequest, 'threadId' | 'authorization' | 'closed'> {
  const body = requestBody.parse(raw);
  const userTexts: string[] = [];
  const developerTexts: string[] = [];
  let toolOutputs: string[] = [];
  for (const item of body.input) {
    const parts = textParts.safeParse(item['content']);
    const texts = parts.success ? parts.data.map((part) => part.text ?? '') : [];
    if (item.type === 'message' && item.role === 'developer') {
      developerTexts.push(...texts);
    } else if (item.type === 'message' && item.role === 'user') {
      for (const text of texts.filter((candidate) => !isContext(candidate))) {
        userTexts.push(text);
        toolOutputs = [];
      }
    } else if (item.type === 'function_call_output') {
      const { output } = item;
      toolOutputs.push(typeof output === 'string' ? output : JSON.stringify(output));
    }
  }
  return { index, body, userTexts, developerTexts, lastUserText: userTexts.at(-1) ?? '', toolOutputs };
}

/** Codex sends context about folder, instructions and aborted turns in user messages of its own, all tagged. */
function isContext(text: string): boolean {
  return /^\s*(<[a-z_]+>|# AGENTS\.md instructions)/.test(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, script: { type: 'string' } } });
  let script = echoScript;
  if (values.script) {
    const loaded: unknown = await import(pathToFileURL(path.resolve(values.script)).href);
    script = z.object({ default: z.custom<Script>((value) => typeof value === 'function') }).parse(loaded).default;
  }
  const model = await startScriptedModel({ script, port: Number(values.port) });
  process.stdout.write(`${JSON.stringify({ url: model.url })}\n`);
}

if (import.meta.main) await main();
