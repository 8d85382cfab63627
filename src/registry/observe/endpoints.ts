import { type Handler, type Mount, securityHeaders } from '#http'

/** Milliseconds after which a check has failed, and for which its result is believed. */
const longestCheck = 5000
const checkLifetime = 1000

/** Throws if a part of the server does not work. */
export type Check = () => Promise<unknown>

/**
 * Makes `/healthz`, which answers as long as the server can answer anything, and `/readyz`, which
 * answers 503 while a check fails. The answers name the check and no reason, because everybody may
 * ask.
 */
export function createHealthEndpoints(checks: Readonly<Record<string, Check>>): readonly Mount[] {
  let last: { readonly at: number; readonly failed: Promise<readonly string[]> } | undefined
  const failedChecks = (): Promise<readonly string[]> => {
    const at = performance.now()
    if (last === undefined || at - last.at > checkLifetime) last = { at, failed: runAll(checks) }
    return last.failed
  }
  return [
    { path: '/healthz', handler: reading(async () => answer(200, 'ok\n')) },
    {
      path: '/readyz',
      handler: reading(async () => {
        const failed = await failedChecks()
        return failed.length === 0
          ? answer(200, 'ready\n')
          : answer(503, `not ready: ${failed.join(', ')}\n`)
      }),
    },
  ]
}

/** Makes the endpoint of the metrics. They name repositories, so it belongs on a port of its own. */
export function createMetricsEndpoint(format: () => Promise<string>, path: string): Mount {
  const handler = reading(async () =>
    answer(200, await format(), 'text/plain; version=0.0.4; charset=utf-8'),
  )
  return { path, handler }
}

async function runAll(checks: Readonly<Record<string, Check>>): Promise<readonly string[]> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ((await passes(check)) ? [] : [name])),
  )
  return results.flat()
}

async function passes(check: Check): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), longestCheck)
  const checked = (async () => check())().then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([checked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function reading(read: () => Promise<Response>): Handler {
  return async ({ method }) => {
    if (method === 'GET') return read()
    if (method !== 'HEAD') return answer(405, 'only GET and HEAD are known here\n')
    const { status, headers } = await read()
    return new Response(null, { status, headers })
  }
}

function answer(status: number, text: string, type = 'text/plain; charset=utf-8'): Response {
  const headers: Record<string, string> = { ...securityHeaders, 'Content-Type': type }
  headers['Cache-Control'] = 'no-store'
  headers['Content-Length'] = String(Buffer.byteLength(text))
  if (status === 405) headers['Allow'] = 'GET, HEAD'
  return new Response(text, { status, headers })
}
