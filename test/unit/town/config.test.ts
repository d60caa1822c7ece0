import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  TOWN_FILE,
  parseTownConfig,
  readTownConfig,
  suggestTownName,
  writeTownConfig,
} from '../../../src/town/config.ts';
import { inEnglish } from '../../../src/util/sentence.ts';
import { tempDir } from '../../support/tempDir.ts';

describe('tinytown.toml', () => {
  let temporary: Awaited<ReturnType<typeof tempDir>>;
  let folder: string;
  beforeEach(async () => {
    temporary = await tempDir('config');
    folder = temporary.path;
  });
  afterEach(() => temporary.remove());

  it('is not waited for where an agent has made a pipe of it, nor read without end where it is a device', async function () {
    if (process.platform === 'win32') return this.skip();
    const file = path.join(folder, TOWN_FILE);
    for (const plant of [() => execFileSync('mkfifo', [file]), () => symlink('/dev/zero', file)]) {
      await plant();
      const read = await readTownConfig(folder);
      assert.ok(read && !read.ok);
      assert.match(inEnglish(read.reason), /cannot be read: it is not a file/);
      await rm(file);
    }
  });

  it('is not needed', async () => assert.equal(await readTownConfig(folder), undefined));

  it('may hold every name that tt makes', async () => {
    const branch = `repository-${'feature-'.repeat(10)}x`;
    for (const name of [branch, 'a:b*c', '[x]?', ' a ', "d'Artagnan", '$(whoami)', 'Müllers "Hof"']) {
      await rm(path.join(folder, TOWN_FILE), { force: true });
      await writeTownConfig(folder, { name });
      const read = await readTownConfig(folder);
      assert.ok(read?.ok);
      assert.equal(read.value.name, name);
    }
  });

  it('may hold a name and no more', () => {
    assert.deepEqual(parseTownConfig('name = "hill"', '/f'), {
      ok: true,
      value: {
        name: 'hill',
        defaultCli: undefined,
        maxAgents: undefined,
        agent: agentNothing,
        redis: undefined,
        agentClis: {},
      },
    });
  });

  it('is read as tt writes it', () => {
    const decoded = parseTownConfig(
      `
name = "hill"
default_cli = "codex"
max_agents = 4
use_central_redis = true
use_streams = false
[redis]
use_socket = false
socket_path = ".tt/redis.sock"
host = "10.0.0.1"
port = 16379
persist = false
aof_path = ".tt/redis.aof"
password = "secret"
tls_enabled = true
tls_ca_cert = "certs/ca.pem"
bind = "127.0.0.1"
[townhall]
bind = "127.0.0.1"
rest_port = 8080
[agent]
idle_timeout_secs = 60
persistent = false
[agent_clis.mine]
name = "mine"
command = "mine --print"
[agent_clis.mine.env]
A = "b"
`,
      '/f',
    );
    assert.ok(decoded.ok, JSON.stringify(decoded));
    assert.equal(decoded.value.maxAgents, 4);
    assert.deepEqual(decoded.value.agent, { idleTimeoutSeconds: 60, persistent: false });
    assert.deepEqual(decoded.value.agentClis, { mine: { command: 'mine --print', env: { A: 'b' } } });
    assert.deepEqual(decoded.value.redis, {
      url: undefined,
      useSocket: false,
      socketPath: path.resolve('/f/.tt/redis.sock'),
      host: '10.0.0.1',
      port: 16379,
      password: 'secret',
      tls: true,
      tlsFiles: { ca: path.resolve('/f/certs/ca.pem'), cert: undefined, key: undefined },
    });
  });

  const bad: [string, string, RegExp][] = [
    ['no TOML', 'name = "hill"\nname = = 3', /^tinytown\.toml, line 2, column \d+: .+\. Correct this line\.$/s],
    ['an open text', 'name = "hill', /line 1, column/],
    ['no name', 'max_agents = 3', /name is missing/],
    ['a name that is none', 'name = "a\\nb"', /line 1: The town’s name contains a line break/],
    ['a name of another kind', '\nname = 7', /line 2: name/],
    ['a wrong number', 'name = "a"\n\nmax_agents = "many"', /line 3: max_agents is not a whole number/],
    ['a wrong port', 'name = "a"\n[redis]\nport = 99999', /line 3: redis\.port is no port/],
    [
      'a command that is none',
      'name = "a"\n[agent_clis.x]\ncommand = []',
      /line 3: agent_clis\.x\.command is not a text/,
    ],
    ['a table that is none', 'name = "a"\nagent = 3', /line 2: agent is not a table/],
  ];
  for (const [what, source, reason] of bad) {
    it(`is told with its place when it holds ${what}, and left alone`, async () => {
      await writeFile(path.join(folder, TOWN_FILE), source);
      const decoded = await readTownConfig(folder);
      assert.ok(decoded && !decoded.ok);
      assert.match(inEnglish(decoded.reason), reason);
      assert.equal(await readFile(path.join(folder, TOWN_FILE), 'utf8'), source);
    });
  }

  it('that cannot be read is told', async () => {
    await mkdir(path.join(folder, TOWN_FILE));
    const decoded = await readTownConfig(folder);
    assert.ok(decoded && !decoded.ok);
    assert.match(inEnglish(decoded.reason), /cannot be read/);
  });

  it('is written so that it is read again, and nothing else is written', async () => {
    await writeTownConfig(folder, { name: 'Müllers "Hof"' });
    const decoded = await readTownConfig(folder);
    assert.ok(decoded?.ok);
    assert.equal(decoded.value.name, 'Müllers "Hof"');
    assert.deepEqual(await readdir(folder), [TOWN_FILE]);
  });

  it('is not written through links that an agent planted', async () => {
    const outside = await tempDir('outside');
    await symlink(path.join(outside.path, 'made.toml'), path.join(folder, TOWN_FILE));
    await symlink(outside.path, path.join(folder, '.tt'));
    await assert.rejects(writeTownConfig(folder, { name: 'mine' }), { reason: 'townExists' });
    await rm(path.join(folder, TOWN_FILE));
    await writeTownConfig(folder, { name: 'mine' });
    assert.deepEqual(await readdir(outside.path), []);
    await outside.remove();
  });

  it('is never written over', async () => {
    await writeFile(path.join(folder, TOWN_FILE), 'name = "mine"');
    await assert.rejects(writeTownConfig(folder, { name: 'other' }), { reason: 'townExists' });
    await assert.rejects(writeTownConfig(folder, { name: 'a\nb' }), { reason: 'townNameInvalid' });
    await assert.rejects(writeTownConfig(path.join(folder, 'no', 'where'), { name: 'x' }), {
      reason: 'folderUnwritable',
    });
    assert.equal(await readFile(path.join(folder, TOWN_FILE), 'utf8'), 'name = "mine"');
  });

  it('gets a name from its folder', () => {
    assert.equal(suggestTownName('/home/me/my project'), 'my project');
    assert.equal(suggestTownName('/home/me/a:b*'), 'a:b*');
    assert.equal(suggestTownName('/home/me/a\nb\u2028'), 'a-b-');
    assert.equal(suggestTownName(`/${'x'.repeat(255)}`).length, 255);
    assert.equal(suggestTownName('/'), 'town');
  });
});

const agentNothing = { idleTimeoutSeconds: undefined, persistent: undefined };
