/** Signals that ask a command to end, with the exit code for each. */
const ending = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const

export type EndingSignal = keyof typeof ending

/** Calls `act` for each of these signals until the scope is left. */
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
