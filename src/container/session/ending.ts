/** Signals that ask a command to end, and the exit codes that tell of them. */
const ending = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const

export type EndingSignal = keyof typeof ending

/** Calls `act` for each such signal of this process, until the scope is left. */
export function onEndingSignal(act: (name: EndingSignal, code: number) => void): Disposable {
  const names = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const
  const listeners = names.map((name) => [name, () => act(name, ending[name])] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  return {
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener)
    },
  }
}
