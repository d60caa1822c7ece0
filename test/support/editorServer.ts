/** One VS Code server: the workbench for any number of browser pages, each a window with its own extension host. */
import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { startChild, stopChild } from './children.ts';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { ensureCodeServer } from '../../scripts/setup/codeServer.ts';
import { run } from '../../scripts/setup/run.ts';

export interface EditorServerOptions {
  /** Folder of settings, state, logs and the extensions' own storage. */
  userData: string;
  extensionsDir: string;
  env?: NodeJS.ProcessEnv;
  /** Ask whether the folder is trusted, as a desktop editor does. By default every folder is trusted. */
  workspaceTrust?: boolean;
  /** Lets the page's address choose extensions under development and their tests. */
  extensionTests?: boolean;
}

export interface EditorServer {
  /** `127.0.0.1:PORT` */
  readonly authority: string;
  readonly process: ChildProcess;
  /** File with its output. */
  readonly log: string;
  /** Address of a window on `folder` or a `.code-workspace` file, or of an empty one. */
  windowUrl(folder?: string, extra?: Record<string, string>): string;
  stop(): Promise<void>;
}

export async function startEditorServer(options: EditorServerOptions): Promise<EditorServer> {
  const { userData, extensionsDir, workspaceTrust = false, extensionTests = false } = options;
  const { node, serverMain } = await ensureCodeServer();
  await mkdir(userData, { recursive: true });
  const port = await freePort();
  const authority = `127.0.0.1:${port}`;
  const log = path.join(userData, 'server.log');
  const child = startChild(
    node,
    [
      serverMain,
      '--host=127.0.0.1',
      `--port=${port}`,
      '--without-connection-token',
      '--accept-server-license-terms',
      '--telemetry-level=off',
      `--user-data-dir=${userData}`,
      `--extensions-dir=${extensionsDir}`,
      `--server-data-dir=${path.join(userData, 'server')}`,
      ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(extensionTests ? ['--enable-smoke-test-driver'] : []),
    ],
    { log, ...(options.env && { env: options.env }) },
  );
  const server: EditorServer = {
    authority,
    process: child,
    log,
    windowUrl(folder, extra = {}) {
      const query = new URLSearchParams(extra);
      const kind = folder?.endsWith('.code-workspace') ? 'workspace' : 'folder';
      if (folder !== undefined) query.set(kind, path.resolve(folder));
      return `http://${authority}/?${query.toString()}`;
    },
    stop: () => stopChild(child),
  };
  try {
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`The VS Code server ended (${child.exitCode}); see ${log}.`);
        return fetch(`http://${authority}/version`).then((reply) => reply.ok);
      },
      { interval: 50, what: `The VS Code server (see ${log})` },
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Installs a VSIX the way a user would, into a folder for extensions. */
export async function installExtension(vsix: string, extensionsDir: string): Promise<void> {
  await extensionCommand(extensionsDir, '--install-extension', vsix);
}

/** `publisher.name@version` of the extensions that are installed in a folder. */
export async function listExtensions(extensionsDir: string): Promise<string[]> {
  const output = await extensionCommand(extensionsDir, '--list-extensions', '--show-versions');
  return output.split('\n').filter((line) => /^[\w-]+\.[\w-]+@/.test(line));
}

async function extensionCommand(extensionsDir: string, ...args: string[]): Promise<string> {
  const { node, serverMain } = await ensureCodeServer();
  const dirs = ['--extensions-dir', extensionsDir, '--server-data-dir', path.join(extensionsDir, '.server')];
  return run(node, [serverMain, ...args, ...dirs, '--accept-server-license-terms'], { timeout: 60_000 });
}
