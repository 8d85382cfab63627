import { isStrakeError, StrakeError } from '#oci'
import { sleep } from '#platform'

/** The clock and the random numbers, for tests. */
export interface RetryOptions {
  /** The total number of tries. Default: 5. */
  readonly attempts?: number
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** In [0, 1). */
  readonly random?: () => number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Called before each wait with one sentence: the reason and the time. */
  readonly onRetry?: ((message: string) => void) | undefined
  /** Milliseconds without a byte after which a connection counts as broken. Default: 60,000. */
  readonly silence?: number
}

/** An answer or a broken connection after which another try may succeed. */
export class RetryableError extends StrakeError {
  /** The wait that the server requested, in milliseconds. */
  readonly retryAfter: number | undefined
  /** True if another try is of use only where bytes came before: a machine without a network fails at once. */
  readonly afterProgressOnly: boolean

  constructor(error: StrakeError, retryAfter?: number, afterProgressOnly = false) {
    super(error.code, error.message, {
      cause: error.cause ?? error,
      remedy: error.remedy,
    })
    this.retryAfter = retryAfter
    this.afterProgressOnly = afterProgressOnly
  }
}

/** Counts the tries of one task and waits between them. */
export class Backoff {
  readonly #options: RetryOptions
  #failures = 0
  #hasProgressed = false

  constructor(options: RetryOptions) {
    this.#options = options
  }

  /** Resets the count, because some bytes got through. */
  progressed(): void {
    this.#failures = 0
    this.#hasProgressed = true
  }

  /**
   * Waits before the next try: 2 s, 4 s, 8 s ... at most 60 s, each with a random part of
   * up to a quarter, or as long as the server requests. Rethrows `error` when it is not
   * retryable, when no try is left, or when the server requests more than a minute.
   */
  async wait(error: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.#failures += 1
    if (!(error instanceof RetryableError)) throw error
    if (error.afterProgressOnly && !this.#hasProgressed) throw error
    if (this.#failures >= (this.#options.attempts ?? 5)) throw error
    const random = this.#options.random ?? Math.random
    const planned = Math.min(60_000, 1000 * 2 ** this.#failures)
    const asked = error.retryAfter
    if (asked !== undefined && asked > longestWait) throw tooLong(error, asked)
    const delay = (asked ?? planned) + random() * Math.min(planned / 4, 1000)
    this.#options.onRetry?.(`${error.message}; trying again in ${formatWait(delay)}`)
    await (this.#options.sleep ?? sleep)(delay, signal)
  }
}

/** The longest wait at a server's request, in milliseconds. */
const longestWait = 60_000

function tooLong(error: StrakeError, wait: number): StrakeError {
  return new StrakeError(error.code, error.message, {
    cause: error,
    remedy: `try again in ${formatWait(wait)}: the registry asks for that`,
  })
}

/** `7 s`, `5 min`, `24 h`. */
function formatWait(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`
}

/** Runs `work` until it succeeds, fails for good, or the tries are used up. */
export async function withRetries<T>(
  work: () => Promise<T>,
  options: RetryOptions,
  signal?: AbortSignal,
): Promise<T> {
  const backoff = new Backoff(options)
  for (;;) {
    try {
      return await work()
    } catch (error) {
      await backoff.wait(error, signal)
    }
  }
}

/** Returns true for statuses after which another try may succeed: 408, 425, 429 and server errors. */
export function isRetryableStatus(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status)
}

/** `Retry-After` in milliseconds: a number of seconds or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Makes an error of what `fetch` or a body threw, unless the caller cancelled the request. */
export function connectionError(host: string, cause: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason
  if (isStrakeError(cause)) return cause
  const { reason, retryable, remedy } = describeCause(cause)
  const error = new StrakeError('UNAVAILABLE', `Cannot reach ${host}: ${reason}`, { cause, remedy })
  if (retryable === 'never') return error
  return new RetryableError(error, undefined, retryable === 'after progress')
}

/** True when no connection was made, so that nothing was sent. */
export function isUnreachable(cause: unknown): boolean {
  return /ECONNREFUSED|ConnectionRefused|FailedToOpenSocket|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL/.test(
    causeWords(cause),
  )
}

/** What a failed connection means for the user, and whether another try may succeed. */
interface Meaning {
  readonly reason: string
  readonly retryable: 'always' | 'after progress' | 'never'
  readonly remedy: string
}

const causes: readonly (Meaning & { readonly codes: RegExp })[] = [
  {
    codes: /ECONNREFUSED|ConnectionRefused/,
    reason: 'connection refused',
    retryable: 'never',
    remedy: 'check that the registry is running and that its name and port are right',
  },
  {
    codes: /ENOTFOUND|EAI_NONAME|DNS_ENOTFOUND/,
    reason: 'no such host',
    retryable: 'never',
    remedy: 'check the spelling of the registry name and the DNS settings',
  },
  {
    codes: /EAI_AGAIN/,
    reason: 'no DNS server answers',
    retryable: 'after progress',
    remedy: 'check the network and the DNS settings',
  },
  {
    codes: /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ALTNAME/,
    reason: 'its TLS certificate is not trusted',
    retryable: 'never',
    remedy: "add the registry's certificate authority with NODE_EXTRA_CA_CERTS",
  },
  {
    codes: /EPROTO|ERR_SSL|WRONG_VERSION/,
    reason: 'it does not speak TLS',
    retryable: 'never',
    remedy: 'give it a TLS certificate: plain HTTP is only for registries of this machine',
  },
  {
    codes: /ETIMEDOUT|TimeoutError|UND_ERR_\w*TIMEOUT/i,
    reason: 'it does not answer',
    retryable: 'always',
    remedy: 'check the network and try again',
  },
]

function describeCause(cause: unknown): Meaning {
  const words = causeWords(cause)
  return (
    causes.find((known) => known.codes.test(words)) ?? {
      reason: 'the connection broke',
      retryable: 'always',
      remedy: 'check the network and try again',
    }
  )
}

function causeWords(cause: unknown): string {
  const words: string[] = []
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; depth += 1) {
    words.push(error.name, String((error as { code?: unknown }).code ?? ''))
    error = error instanceof AggregateError ? error.errors[0] : error.cause
  }
  return words.join(' ')
}
