import { SessionError } from './session-error.ts'

/** Signals that are passed on. Other signals concern this process or its terminal. */
const forwarded = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const),
  ...(['SIGALRM', 'SIGCONT', 'SIGWINCH'] as const),
]

/** Passes signals of this process on to a container until the scope is left. */
export interface SignalProxy extends Disposable {
  /**
   * Rejects at the third SIGINT or SIGTERM: the container has not ended, and this process
   * stops waiting for it.
   */
  readonly abandoned: Promise<never>
}

const enough = 3

/** Passes the signals of this process on, so that they do not end this process. */
export function proxySignals(send: (name: NodeJS.Signals) => void): SignalProxy {
  const { promise, reject } = Promise.withResolvers<never>()
  // A rejection that no caller waits for yet must not end this process.
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
    `Cannot wait for the container any longer: it still runs after ${enough} signals`,
    { remedy: 'end it with strake kill' },
  )
}
