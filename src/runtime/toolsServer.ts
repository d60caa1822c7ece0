/**
 * What the town's MCP server is called in Codex's configuration. Codex merges servers of one name, so it must be a name that
 * nobody gives to a server of their own.
 */
export const TOOLS_SERVER = 'tinytown_vscode';
