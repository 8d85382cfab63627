import { SessionError } from './session-error.ts'

/** What a program may be sent to do its work; the rest is about us or our terminal. */
const forwarded = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGCONT', 'SIGWINCH'] as const),
]

/** Signals of this process on their way to a container, until the scope is left. */
export interface SignalProxy extends Disposable {
  /** Rejects when the user asked three times for an end that does not come; this process then leaves. */
  readonly abandoned: Promise<never>
}

const enough = 3

/** Passes the signals of this process on instead of dying of them. */
export function proxySignals(send: (name: NodeJS.Signals) => void): SignalProxy {
  const { promise, reject } = Promise.withResolvers<never>()
  // Whoever waits for it hears of it; before anybody does, it must not end the process.
  promise.catch(() => {})
  let asked = 0
  const listeners = forwarded.map((name) => {
    const listener = (): void => {
      send(name)
      if (name === 'SIGINT' || name === 'SIGTERM') asked += 1
      if (asked === enough) reject(abandoned())
    }
    process.on(name, listener)
    return { name, listener }
  })
  return {
    abandoned: promise,
    [Symbol.dispose]() {
      for (const { name, listener } of listeners) process.off(name, listener)
    },
  }
}

function abandoned(): SessionError {
  return new SessionError(
    'UNAVAILABLE',
    `Cannot wait for the container any more: it goes on after ${enough} signals`,
    { remedy: 'end it with strake kill' },
  )
}
