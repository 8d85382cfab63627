import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Milliseconds for which the same sentence is not said again. */
const quiet = 60_000

const mostRemembered = 1000

type Message = Readonly<Record<string, unknown>>

/** What parts of a registry publish, and the sentence for it. */
const sentences: Readonly<Record<string, (message: Message) => string>> = {
  'registry:error': ({ url, error }) => `Cannot answer ${pathOf(url)}: ${reasonOf(error)}`,
  'registry:tls-failure': ({ error }) =>
    `Cannot renew the certificate, so the earlier one stays: ${reasonOf(error)}`,
  'registry:log-failure': ({ path, error }) => `Cannot write to ${path}: ${reasonOf(error)}`,
  'registry:collect-failure': ({ error }) => `Cannot collect: ${reasonOf(error)}`,
  'registry:trim-failure': ({ error }) => `Cannot trim the caches: ${reasonOf(error)}`,
  'registry:trace-failure': ({ error }) => `Cannot send traces: ${reasonOf(error)}`,
  'registry:webhook-failure': ({ hook, error }) => `Webhook ${hook}: ${reasonOf(error)}`,
  'registry:bad-user-line': ({ path, line, reason }) =>
    `Ignored line ${line} of ${path}: ${reason}`,
}

/** Calls `warn` with a sentence for every problem of a server that no client is told about. */
export function reportProblems(
  warn: (sentence: string) => void,
  now: () => number = Date.now,
): Disposable {
  const said = new Map<string, number>()
  const listeners = Object.entries(sentences).map(([name, describe]) => {
    const listener = (message: unknown): void => {
      const sentence = describe(message as Message)
      if (now() - (said.get(sentence) ?? Number.NEGATIVE_INFINITY) < quiet) return
      if (said.size >= mostRemembered) said.clear()
      said.set(sentence, now())
      warn(sentence)
    }
    subscribe(name, listener)
    return { name, listener }
  })
  return {
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) unsubscribe(name, listener)
    },
  }
}

/** Returns the message of an error with those of its causes. */
function reasonOf(error: unknown): string {
  const reasons: string[] = []
  let cause = error
  for (let depth = 0; cause instanceof Error && depth < 4; depth += 1) {
    reasons.push(cause.message)
    cause = cause.cause
  }
  return reasons.length === 0 ? String(error) : reasons.join(': ')
}

/** The query of a URL may hold a secret. */
function pathOf(url: unknown): string {
  const text = String(url)
  return URL.canParse(text) ? new URL(text).pathname : text
}
