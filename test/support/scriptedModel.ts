/**
 * The outermost thing, and the only one that is faked: the model's HTTP endpoint. A script decides from each request what
 * the model "says"; codex, its protocol, tools, sandbox and history stay the real ones. It records what arrived, so that a
 * test can count what was delivered. Runs in a test, or by itself: `node test/support/scriptedModel.ts --port 0
 * [--script FILE]` prints `{"url": …}` and serves until it is ended; FILE's default export is a {@link Script}.
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

/** One request of codex to the model, read for a script. */
export interface ModelRequest {
  /** Position among all requests of this model, from 0. */
  index: number;
  body: z.infer<typeof requestBody>;
  /** What people said in this conversation so far, oldest first, without the context that codex adds by itself. */
  userTexts: string[];
  /** The last of them; empty where there is none. */
  lastUserText: string;
  /** What codex was told for good when the thread was made. */
  developerTexts: string[];
  /** Results of the tools that were called since the last user text, oldest first. */
  toolOutputs: string[];
  /** The thread that it belongs to; empty where codex does not say. */
  threadId: string;
  /** Whoever is signed in to codex: `Bearer` and the key; empty for nobody. */
  authorization: string;
  /** Resolves when it was answered, or codex has gone. */
  closed: Promise<void>;
}

/** What the model does with a request: its steps, in order. */
export type Script = (request: ModelRequest) => Step[] | Promise<Step[]>;

export interface ScriptedModel {
  /** Base address for `model_providers.*.base_url`. */
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Replaces the script for the requests to come. */
  script: Script;
  /** The first recorded or coming request that fits. */
  waitForRequest(fits: (request: ModelRequest) => boolean): Promise<ModelRequest>;
  /** User texts of the latest request. */
  userMessages(): string[];
  close(): Promise<void>;
}

/** The agent that a request is for: by the instructions of its thread, or of a one-shot process by its prompt. */
export function agentOf({ developerTexts, userTexts }: ModelRequest): string {
  return /^You are "(\w+)", /m.exec([...developerTexts, ...userTexts].join('\n'))?.[1] ?? '';
}

/** Answers once, with the beginning of what was asked. */
export const echoScript: Script = ({ lastUserText }) => [{ text: `done: ${lastUserText.slice(0, 60)}` }];

/** A promise to hold a response by, and the function that lets it go. */
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
    // A sub-agent's own; what the cache goes by is its parent's.
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

/** Codex tells the model about folder, instructions and aborted turns in user messages of its own, all tagged. */
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
