/**
 * The name of the town's MCP server in Codex's configuration. Codex merges servers of the same name, so nobody else may use this
 * name.
 */
export const TOOLS_SERVER = 'tinytown_vscode';
