/** Every id that the manifest and the code share. A unit test compares this file with package.json. */

export const EXTENSION_ID = 'tinytown.tinytown-vscode';

export const WALKTHROUGH = 'start';

export const View = {
  needsYou: 'tinytown.needsYou',
  agents: 'tinytown.agents',
  tasks: 'tinytown.tasks',
} as const;

export const Command = {
  initTown: 'tinytown.initTown',
  spawnAgent: 'tinytown.spawnAgent',
  assignTask: 'tinytown.assignTask',
  sendMessage: 'tinytown.sendMessage',
  steer: 'tinytown.steer',
  interrupt: 'tinytown.interrupt',
  pauseAgent: 'tinytown.pauseAgent',
  resumeAgent: 'tinytown.resumeAgent',
  closeAgent: 'tinytown.closeAgent',
  stopAgent: 'tinytown.stopAgent',
  restartAgent: 'tinytown.restartAgent',
  newConversation: 'tinytown.newConversation',
  removeAgent: 'tinytown.removeAgent',
  adoptAgent: 'tinytown.adoptAgent',
  takeOver: 'tinytown.takeOver',
  togglePersistent: 'tinytown.togglePersistent',
  chooseModel: 'tinytown.chooseModel',
  changePermissions: 'tinytown.changePermissions',
  renameAgent: 'tinytown.renameAgent',
  runAgain: 'tinytown.runAgain',
  dismissHeld: 'tinytown.dismissHeld',
  retryDead: 'tinytown.retryDead',
  dismissDead: 'tinytown.dismissDead',
  editQueued: 'tinytown.editQueued',
  moveQueuedUp: 'tinytown.moveQueuedUp',
  moveQueuedDown: 'tinytown.moveQueuedDown',
  promoteQueued: 'tinytown.promoteQueued',
  removeQueued: 'tinytown.removeQueued',
  addBacklogTask: 'tinytown.addBacklogTask',
  claimBacklogTask: 'tinytown.claimBacklogTask',
  completeTask: 'tinytown.completeTask',
  cancelTask: 'tinytown.cancelTask',
  tagTask: 'tinytown.tagTask',
  editTask: 'tinytown.editTask',
  moveTaskUp: 'tinytown.moveTaskUp',
  moveTaskDown: 'tinytown.moveTaskDown',
  findTask: 'tinytown.findTask',
  clearFinishedTasks: 'tinytown.clearFinishedTasks',
  startPickup: 'tinytown.startPickup',
  stopPickup: 'tinytown.stopPickup',
  openTask: 'tinytown.openTask',
  approve: 'tinytown.approve',
  approveForSession: 'tinytown.approveForSession',
  decline: 'tinytown.decline',
  declineAndSay: 'tinytown.declineAndSay',
  answer: 'tinytown.answer',
  reply: 'tinytown.reply',
  dismissMessage: 'tinytown.dismissMessage',
  allowHere: 'tinytown.allowHere',
  dontAllow: 'tinytown.dontAllow',
  openRequest: 'tinytown.openRequest',
  nextNeed: 'tinytown.nextNeed',
  openRow: 'tinytown.openRow',
  copyText: 'tinytown.copyText',
  sendSelection: 'tinytown.sendSelection',
  attachFile: 'tinytown.attachFile',
  sendDiagnostics: 'tinytown.sendDiagnostics',
  showOutput: 'tinytown.showOutput',
  openTranscript: 'tinytown.openTranscript',
  exportTranscript: 'tinytown.exportTranscript',
  openChanges: 'tinytown.openChanges',
  showAgents: 'tinytown.showAgents',
  broadcast: 'tinytown.broadcast',
  setRedisPassword: 'tinytown.setRedisPassword',
  copyTownKey: 'tinytown.copyTownKey',
  enterTownKey: 'tinytown.enterTownKey',
  chooseRedis: 'tinytown.chooseRedis',
  forgetAllowed: 'tinytown.forgetAllowed',
  chooseFolder: 'tinytown.chooseFolder',
  openConfig: 'tinytown.openConfig',
  openSettings: 'tinytown.openSettings',
  doctor: 'tinytown.doctor',
  help: 'tinytown.help',
  tryNow: 'tinytown.tryNow',
  signIn: 'tinytown.signIn',
  signOut: 'tinytown.signOut',
  retry: 'tinytown.retry',
  showLog: 'tinytown.showLog',
} as const;

export type CommandId = (typeof Command)[keyof typeof Command];

/** Settings, without the prefix {@link SETTINGS_SECTION}. */
export const Setting = {
  redisUrl: 'redis.url',
  redisServerPath: 'redis.serverPath',
  codexPath: 'codex.path',
  codexEnv: 'codex.env',
  agentClis: 'agentClis',
  model: 'codex.model',
  reasoningEffort: 'codex.reasoningEffort',
  approvalPolicy: 'codex.approvalPolicy',
  sandbox: 'codex.sandbox',
  persistent: 'agent.persistent',
  cli: 'agent.cli',
  idleTimeoutSeconds: 'agent.idleTimeoutSeconds',
  maxRounds: 'agent.maxRounds',
  maxAttempts: 'agent.maxAttempts',
  maxAgents: 'maxAgents',
  notifications: 'notifications',
} as const;

/** Settings of machine scope: a workspace must never choose which program runs, or where messages come from. */
export const machineSettings: readonly string[] = [
  Setting.redisUrl,
  Setting.redisServerPath,
  Setting.codexPath,
  Setting.codexEnv,
  Setting.agentClis,
];

export const SETTINGS_SECTION = 'tinytown';

/** Context keys that welcome texts and menus use. */
export const ContextKey = {
  /** A {@link import('./town/townHost.ts').TownState} kind. */
  state: 'tinytown.state',
  /** What is wrong, if anything. See `problems.ts`. */
  problem: 'tinytown.problem',
  /** Whether agents may pick up backlog tasks on their own. */
  pickup: 'tinytown.pickup',
} as const;

/** Prefix of the context keys in `milestones.ts`. */
export const MILESTONE_CONTEXT = 'tinytown.reached';

/** Id of the provider that gives tools to the editor's own chat. */
export const CHAT_TOOLS = 'tinytown.tools';

export const SecretKey = {
  redisPassword: 'tinytown.redisPassword',
} as const;
