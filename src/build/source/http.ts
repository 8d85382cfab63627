import { isStrakeError } from '#oci'
import type { Bytes } from '#stream'
import { IdleTimer } from './idle-timer.ts'
import { connectionReasons, denied, redact, unavailable } from './refusal.ts'
import type { HttpServices } from './services.ts'
import { isInner, publicTarget } from './target.ts'

/** The servers that ADD may download from: `any`, or only those with public addresses. */
export type Downloads = 'any' | 'public'

export interface DownloadRules {
  readonly from: Downloads
  /** True when a checksum verifies the content, so that a redirect may leave HTTPS. */
  readonly isProved: boolean
  readonly signal: AbortSignal
  /** Returns the headers of a request, for the first URL and for every redirect. */
  readonly headers?: ((url: URL) => Readonly<Record<string, string>>) | undefined
}

export interface Download {
  readonly response: Response
  /** Throws `UNAVAILABLE` when the connection breaks or stalls. */
  readonly body: Bytes
}

const maxHops = 10

/** The answer to a request with a condition that does not hold. */
export const notModified = 304

/**
 * Requests `url` and follows redirects, but none from a public server to a private
 * address. The body is not decoded, so that it cannot grow. Throws `UNAVAILABLE`,
 * and `DENIED` for a server that is not allowed.
 */
export async function openDownload(
  url: string,
  rules: DownloadRules,
  http: HttpServices,
): Promise<Download> {
  let at = new URL(url)
  let mustBePublic = rules.from === 'public'
  for (let hop = 0; hop <= maxHops; hop++) {
    const download = await requestOnce(at, mustBePublic, { rules, http })
    const { response } = download
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      if (response.ok || response.status === notModified) return download
      await response.body?.cancel()
      throw unavailable(at, `the server answered ${response.status}`)
    }
    await response.body?.cancel()
    const next = nextHop(at, location, rules)
    mustBePublic ||= !(await isInner(at, http))
    at = next
  }
  throw unavailable(at, `there are more than ${maxHops} redirects`)
}

function nextHop(from: URL, location: string, { isProved }: DownloadRules): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (next === undefined) throw denied(from, 'the server redirects to an invalid URL')
  if (next.protocol !== 'https:' && next.protocol !== 'http:') {
    throw denied(from, `the server redirects to ${next.protocol}, which is not HTTP`)
  }
  if (from.protocol === 'https:' && next.protocol === 'http:' && !isProved) {
    throw denied(
      from,
      `the server redirects from HTTPS to ${redact(next)}`,
      'pin the content with --checksum',
    )
  }
  return next
}

async function requestOnce(
  url: URL,
  mustBePublic: boolean,
  { rules, http }: { readonly rules: DownloadRules; readonly http: HttpServices },
): Promise<Download> {
  const { target, init } = mustBePublic
    ? await publicTarget(url, http)
    : { target: url.href, init: {} }
  const { signal } = rules
  const headers = { ...rules.headers?.(url), ...init.headers, 'Accept-Encoding': 'identity' }
  return await openRequest(url, target, { ...init, headers }, { signal, http })
}

/** Sends one request to `target`, which stands for `url`. The body is not decoded. */
export async function openRequest(
  url: URL,
  target: string,
  init: BunFetchRequestInit,
  { signal, http }: { readonly signal: AbortSignal; readonly http: HttpServices },
): Promise<Download> {
  const idle = new IdleTimer(http.idleTimeout)
  try {
    const response = await http.fetch(target, {
      ...init,
      redirect: 'manual',
      decompress: false,
      signal: AbortSignal.any([signal, idle.signal]),
      // A proxy cannot reach servers on the loopback addresses of this machine.
      ...(isLoopback(url) && { proxy: false }),
    })
    idle.stop()
    return { response, body: bodyOf(url, response, { signal, idle }) }
  } catch (cause) {
    idle.stop()
    throw brokenOff(url, cause, { signal, idle })
  }
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

interface Waiting {
  readonly signal: AbortSignal
  readonly idle: IdleTimer
}

async function* bodyOf(url: URL, response: Response, waiting: Waiting): AsyncGenerator<Uint8Array> {
  const { idle } = waiting
  try {
    idle.restart()
    for await (const chunk of response.body ?? []) {
      // The time of a slow disk does not count as time of the server.
      idle.stop()
      yield chunk
      idle.restart()
    }
  } catch (cause) {
    throw brokenOff(url, cause, waiting)
  } finally {
    idle.stop()
  }
}

function brokenOff(url: URL, cause: unknown, { signal, idle }: Waiting): unknown {
  if (signal.aborted) return signal.reason
  if (isStrakeError(cause)) return cause
  if (idle.signal.aborted)
    return unavailable(url, `the server sent nothing for ${idle.seconds} seconds`, cause)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return unavailable(url, connectionReasons[code] ?? 'the server cannot be reached', cause)
}
