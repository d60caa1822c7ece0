/** Where a part of the program logs. The editor's log channel implements it, and tests collect it. */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A logger that drops everything, for callers that have nowhere to write. */
export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** A logger that puts `scope` (an agent's name, a part of the program) before each line. */
export function scopedLogger(logger: Logger, scope: string): Logger {
  return {
    trace: (message) => logger.trace(`[${scope}] ${message}`),
    debug: (message) => logger.debug(`[${scope}] ${message}`),
    info: (message) => logger.info(`[${scope}] ${message}`),
    warn: (message) => logger.warn(`[${scope}] ${message}`),
    error: (message) => logger.error(`[${scope}] ${message}`),
  };
}
