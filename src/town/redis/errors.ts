/** What goes wrong between us and Redis becomes an error for people here, by error code; no message holds a password. */
import { TinytownError } from '../../util/errors.ts';
import { type Sentence, say } from '../../util/sentence.ts';

export type RedisErrorReason =
  /** No answer: not there, lost, or too slow. A write may or may not have been done. */
  | 'redisUnavailable'
  /** It is there and does not let us in or does not let us do this. */
  | 'redisRefused'
  /** It is there and takes no changes for now: a replica, full, or it cannot save. Nothing was written. */
  | 'redisNotWriting'
  | 'redisTooOld'
  /** The address cannot be read. */
  | 'redisUrlInvalid'
  /** Redis answered with an error of another kind, such as a key of the wrong type. */
  | 'redisFailed'
  /** No redis-server or valkey-server on this machine. */
  | 'redisMissing'
  | 'redisStartFailed';

export type RedisError = TinytownError<RedisErrorReason>;

/** `url` with its password replaced, fit for logs and messages. A text that is no such URL loses all before its last `@`. */
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
  ENOTFOUND: say('the host’s name is not known'),
  EAI_AGAIN: say('the host’s name could not be looked up'),
  ETIMEDOUT: say('it does not answer'),
  EHOSTUNREACH: say('there is no way to the host'),
  ENETUNREACH: say('there is no way to the host’s network'),
  ECONNRESET: say('the connection was cut'),
  EPIPE: say('the connection was cut'),
};

/** Replies that begin with these words mean that it does not let us in; the hint says what to do. */
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

/** Replies that begin with these words mean that it takes no changes for now. */
const refusedChanges: Record<string, Sentence> = {
  READONLY: say('This is a replica: connect to its primary. After a failover it goes on by itself.'),
  MISCONF: say('The server cannot save to its disk: see its log, and free some space there.'),
  OOM: say('The server’s memory is full: raise its maxmemory setting, or delete something.'),
  NOREPLICAS: say('The server has too few replicas: see its min-replicas-to-write setting.'),
};

/** Replies that begin with these words pass by themselves. */
const passing: Record<string, Sentence> = {
  LOADING: say('it is still reading its data'),
  BUSY: say('it is busy with a script'),
  MASTERDOWN: say('its primary is gone'),
  CLUSTERDOWN: say('its cluster is down'),
};

/** Other replies that have no code of their own. */
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
 * The error for people that `error` of a connection or a command means. Errors of ours pass unchanged.
 * @param where The redacted address.
 */
export function toRedisError(error: unknown, where: string): RedisError {
  if (isRedisError(error)) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const firstWord = /^[A-Z]+(?=\b)/.exec(text)?.[0] ?? '';
  const refusedChange = refusedChanges[firstWord];
  if (refusedChange !== undefined) {
    const said = say('Redis at {0} takes no changes for now: {1}', where, withoutScript(text));
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
    const why = cause ?? say('the connection is lost or gives no answer');
    const hint = say('Start Redis, or correct the address in the settings, REDIS_URL or tinytown.toml.');
    return failure('redisUnavailable', say('Redis at {0} cannot be reached: {1}.', where, why), error, hint);
  }
  return failure('redisFailed', say('Redis at {0} answered with an error: {1}', where, text), error);
}

/** A refusal inside a script also tells its hash and line, and again which error it is. */
function withoutScript(text: string): string {
  return text.replace(/\s*script: [0-9a-f]+, on @user_script:\d+\.?$/, '').replace(/\.$/, '');
}

/** Whether `error` means that Redis is away or takes no changes for now: the same may be done later. */
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

/** ioredis gives its own errors no codes, so their texts are matched, here and nowhere else. */
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
