/** Turns errors between us and Redis into errors for people, by error code. No message holds a password. */
import { TinytownError } from '../../util/errors.ts';
import { type Sentence, say } from '../../util/sentence.ts';

export type RedisErrorReason =
  /** No reply: the server is not there, lost, or too slow. A write may have been done. */
  | 'redisUnavailable'
  /** The server does not let us in, or does not allow this. */
  | 'redisRefused'
  /** The server takes no writes for now: it is a replica, full, or cannot save. Nothing was written. */
  | 'redisNotWriting'
  | 'redisTooOld'
  /** The address cannot be read. */
  | 'redisUrlInvalid'
  /** Redis replied with another error, for example for a key of the wrong type. */
  | 'redisFailed'
  /** No redis-server or valkey-server on this machine. */
  | 'redisMissing'
  | 'redisStartFailed';

export type RedisError = TinytownError<RedisErrorReason>;

/** `url` with its password replaced, fit for logs and messages. Text that is no such URL loses everything before its last `@`. */
export function redactUrl(url: string): string {
  const shown = url.replace(/([?&]pass(?:word)?=)[^&]*/gi, '$1****');
  const authority = /^([a-z+]+:\/\/[^:@/]*):[^@/]*@([^@]*)$/i.exec(shown);
  if (authority) return `${authority[1]}:****@${authority[2]}`;
  return shown.replace(/^([a-z+]+:\/\/)?[^]*@/i, '$1****@');
}

const unreachable: Record<string, Sentence> = {
  ECONNREFUSED: say('nothing listens there'),
  ENOENT: say('there is no such socket'),
  EACCES: say('the socket may not be opened'),
  EPERM: say('the socket may not be opened'),
  ENOTFOUND: say('the host is unknown'),
  EAI_AGAIN: say('the host’s name could not be looked up'),
  ETIMEDOUT: say('it does not respond'),
  EHOSTUNREACH: say('there is no route to the host'),
  ENETUNREACH: say('there is no route to the host’s network'),
  ECONNRESET: say('the connection was cut'),
  EPIPE: say('the connection was cut'),
};

/** Replies that begin with these words mean that the server does not let us in. The hint says what to do. */
const refusals: Record<string, Sentence> = {
  NOAUTH: say('Give the password (command “Tinytown: Set Redis Password”, or in the URL).'),
  WRONGPASS: say('Check the user name and the password.'),
  NOPERM: say(
    'Let this Redis user read and write keys under “tt:*” and run scripts (ACL SETUSER … ~tt:* &* +@all -@dangerous +info).',
  ),
  DENIED: say('The server is in protected mode: give it a password, or connect from its own machine.'),
  MOVED: say('Use a Redis that is not a cluster.'),
  CROSSSLOT: say('Use a Redis that is not a cluster.'),
};

/** Replies that begin with these words mean that the server takes no writes for now. */
const refusedChanges: Record<string, Sentence> = {
  READONLY: say('This is a replica: connect to its primary. After a failover it recovers on its own.'),
  MISCONF: say('The server cannot save to its disk: see its log, and free some space there.'),
  OOM: say('The server’s memory is full: raise its maxmemory setting, or delete something.'),
  NOREPLICAS: say('The server has too few replicas: see its min-replicas-to-write setting.'),
};

/** Replies that begin with these words are temporary. */
const passing: Record<string, Sentence> = {
  LOADING: say('it is still reading its data'),
  BUSY: say('it is busy with a script'),
  MASTERDOWN: say('its primary is gone'),
  CLUSTERDOWN: say('its cluster is down'),
};

/** Other replies, which have no error code. */
const uncoded: readonly [RegExp, Sentence][] = [
  [
    /^ERR unknown command/i,
    say(
      'The server does not have this command, or it was renamed. Tinytown needs Redis 7.0 or newer with all commands.',
    ),
  ],
  [/^ERR max number of clients/i, say('Close other connections to it, or raise its maxclients setting.')],
  [/\bAUTH\b.*(?:invalid|password)/i, say('Check the user name and the password.')],
];

/**
 * Converts an error of a connection or a command to an error for people. Our own errors pass unchanged.
 * @param where The redacted address.
 */
export function toRedisError(error: unknown, where: string): RedisError {
  if (isRedisError(error)) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const firstWord = /^[A-Z]+(?=\b)/.exec(text)?.[0] ?? '';
  const refusedChange = refusedChanges[firstWord];
  if (refusedChange !== undefined) {
    const said = say('Redis at {0} accepts no writes right now: {1}', where, withoutScript(text));
    return failure('redisNotWriting', said, error, refusedChange);
  }
  const refusal = refusals[firstWord] ?? uncoded.find(([pattern]) => pattern.test(text))?.[1];
  if (refusal !== undefined) {
    return failure('redisRefused', say('Redis at {0} refused: {1}.', where, withoutScript(text)), error, refusal);
  }
  if (isTlsCode(code)) {
    const hint = say(
      'Check that the server speaks TLS on this port and that its certificate is trusted (rediss://, tls_ca_cert).',
    );
    return failure('redisRefused', say('No secure connection to Redis at {0}: {1}.', where, text), error, hint);
  }
  const cause = unreachable[code] ?? passing[firstWord];
  if (cause !== undefined || isLostConnection(error, text)) {
    const why = cause ?? say('the connection was lost or does not respond');
    const hint = say('Start Redis, or correct the address in the settings, REDIS_URL or tinytown.toml.');
    return failure('redisUnavailable', say('Redis at {0} cannot be reached: {1}.', where, why), error, hint);
  }
  return failure('redisFailed', say('Redis at {0} answered with an error: {1}', where, text), error);
}

/** Removes the script's hash and line that Redis appends to an error inside a script. */
function withoutScript(text: string): string {
  return text.replace(/\s*script: [0-9a-f]+, on @user_script:\d+\.?$/, '').replace(/\.$/, '');
}

/** Whether `error` means that Redis is away or takes no writes for now, so that a retry may work. */
export function isPassing(error: unknown): boolean {
  return isRedisError(error) && (error.reason === 'redisUnavailable' || error.reason === 'redisNotWriting');
}

/** Whether `error` is one of {@link RedisErrorReason}. */
export function isRedisError(error: unknown): error is RedisError {
  return error instanceof TinytownError && error.reason.startsWith('redis');
}

function failure(reason: RedisErrorReason, message: Sentence, cause: unknown, hint?: Sentence): RedisError {
  return new TinytownError(reason, message, hint === undefined ? { cause } : { cause, hint });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function isTlsCode(code: string): boolean {
  return /^ERR_(?:TLS|SSL)_|CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)/.test(code);
}

/** The only place that matches error texts, because ioredis gives its own errors no codes. */
function isLostConnection(error: unknown, text: string): boolean {
  const name = error instanceof Error ? error.name : '';
  return (
    name === 'MaxRetriesPerRequestError' ||
    name === 'AbortError' ||
    text === 'Connection is closed.' ||
    text === 'Command timed out' ||
    text === 'connect ETIMEDOUT' ||
    text.startsWith('Stream isn') ||
    text.startsWith('Socket timeout')
  );
}
