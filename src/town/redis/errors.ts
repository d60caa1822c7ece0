/** What goes wrong between us and Redis becomes an error for people here, by error code; no message holds a password. */
import { TinytownError } from '../../util/errors.ts';

export type RedisErrorReason =
  /** No answer: not there, lost, or too slow. A write may or may not have been done. */
  | 'redisUnavailable'
  /** It is there and does not let us in or does not let us do this. */
  | 'redisRefused'
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

const unreachable: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be opened',
  EPERM: 'the socket may not be opened',
  ENOTFOUND: 'the host’s name is not known',
  EAI_AGAIN: 'the host’s name could not be looked up',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host’s network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
};

/** Replies that begin with these words mean that it does not let us in; the hint says what to do. */
const refusals: Record<string, string> = {
  NOAUTH: 'Give the password (command “Tinytown: Set Redis Password”, or in the URL).',
  WRONGPASS: 'Check the user name and the password.',
  NOPERM:
    'Let this Redis user read and write keys under “tt:*” and run scripts (ACL SETUSER … ~tt:* &* +@all -@dangerous +info).',
  DENIED: 'The server is in protected mode: give it a password, or connect from its own machine.',
  READONLY: 'This is a replica: connect to its primary.',
  MISCONF: 'The server cannot save to its disk: see its log.',
  OOM: 'The server’s memory is full: see its maxmemory setting.',
};

/**
 * The error for people that `error` of a connection or a command means. Errors of ours pass unchanged.
 * @param where The redacted address.
 */
export function toRedisError(error: unknown, where: string): RedisError {
  if (isRedisError(error)) return error;
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const firstWord = /^[A-Z]+(?=\b)/.exec(text)?.[0] ?? '';
  const refusal =
    refusals[firstWord] ?? (/\bAUTH\b.*(?:invalid|password)/i.test(text) ? refusals.WRONGPASS : undefined);
  if (refusal !== undefined) {
    return failure('redisRefused', `Redis at ${where} refused: ${text}.`, error, refusal);
  }
  if (isTlsCode(code)) {
    const hint =
      'Check that the server speaks TLS on this port and that its certificate is trusted (rediss://, tls_ca_cert).';
    return failure('redisRefused', `No secure connection to Redis at ${where}: ${text}.`, error, hint);
  }
  const cause = unreachable[code];
  if (cause !== undefined || isLostConnection(error, text)) {
    const why = cause ?? 'the connection is lost or gives no answer';
    const hint = 'Start Redis, or correct the address in the settings, REDIS_URL or tinytown.toml.';
    return failure('redisUnavailable', `Redis at ${where} cannot be reached: ${why}.`, error, hint);
  }
  return failure('redisFailed', `Redis at ${where} answered with an error: ${text}`, error);
}

/** Whether `error` is one of {@link RedisErrorReason}. */
export function isRedisError(error: unknown): error is RedisError {
  return error instanceof TinytownError && error.reason.startsWith('redis');
}

function failure(reason: RedisErrorReason, message: string, cause: unknown, hint?: string): RedisError {
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
