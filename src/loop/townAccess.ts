/** How agents reach their town: their environment variables, and the program that gives them tools. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { type ThreadConfig, usesCodex } from '../runtime/clis.ts';
import type { RuntimeMode } from '../runtime/codingAgent.ts';
import type { RuntimeSettings } from '../runtime/runtimes.ts';
import { writeTtLauncher } from '../runtime/ttLauncher.ts';
import { ACCESS_VARIABLE } from '../town/accessFile.ts';
import { TOOLS_SERVER } from '../runtime/toolsServer.ts';
import type { AgentRecord } from '../town/records/records.ts';
import type { TownAccess } from './agent/standing.ts';

/** The programs that agents run, as files: the MCP server and the `tt` command. */
export interface ToolBundles {
  mcp: string;
  tt: string;
}

/**
 * Agents on Codex get tools, which run outside its sandbox, because the sandbox lets no command reach Redis. All others get the
 * `tt` command.
 */
export function accessOf(cli: string, mode: RuntimeMode, overrides: RuntimeSettings['agentClis']): TownAccess {
  return usesCodex(cli, mode, overrides) ? 'tools' : 'command';
}

/** The MCP server as a program that somebody else starts. */
export interface ToolServer {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** The tools for a person's own programs. @param access The supervisor's file: see `accessFile.ts`. */
export function personsTools(access: string, { mcp }: ToolBundles): ToolServer {
  const env = { ELECTRON_RUN_AS_NODE: '1', [ACCESS_VARIABLE]: access };
  return { command: process.execPath, args: [mcp], env };
}

/** Tells an agent's programs which town and agent they work for. It holds no secret, and proves nothing. */
export function townEnvironment(town: string, agent: Pick<AgentRecord, 'id' | 'name'>): Record<string, string> {
  return { TINYTOWN_TOWN: town, TINYTOWN_AGENT_ID: agent.id, TINYTOWN_AGENT_NAME: agent.name };
}

/**
 * Codex configuration that offers the tools.
 * @param access The agent's file: see `accessFile.ts`.
 * @param limits.callSec How long a call waits for a server that does not answer, in seconds.
 */
export function toolsConfig(access: string, { mcp }: ToolBundles, { callSec = 90 } = {}): ThreadConfig {
  return {
    mcp_servers: {
      [TOOLS_SERVER]: {
        command: process.execPath,
        args: [mcp],
        env: { ELECTRON_RUN_AS_NODE: '1', [ACCESS_VARIABLE]: access },
        // A busy machine takes longer than Codex's own 10 s to start it. Then the agent would have no tools.
        startup_timeout_sec: 60,
        // Longer than the tools' own limit (`mcp.ts`): this one is for a server that does not answer at all.
        tool_timeout_sec: callSec,
        // The tools themselves decide what is allowed. They act on the town, not on this machine.
        default_tools_approval_mode: 'approve',
      },
    },
  };
}

/** A folder with the `tt` command, for the front of PATH. Each version of the bundle has its own. */
export async function commandFolder(storageDir: string, { tt }: ToolBundles): Promise<string> {
  const { execPath } = process;
  const version = createHash('sha256').update(`${execPath}\n${tt}`).digest('hex').slice(0, 12);
  const dir = path.join(storageDir, 'bin', version);
  await writeTtLauncher(dir, { execPath, bundle: tt });
  return dir;
}
