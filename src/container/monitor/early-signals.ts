/** Signals for a container that arrive before its first process has started. */
export class EarlySignals {
  readonly #kept: NodeJS.Signals[] = []

  keep(name: NodeJS.Signals): void {
    this.#kept.push(name)
  }

  /** Returns all of them in the order of their arrival, and forgets them. */
  take(): readonly NodeJS.Signals[] {
    return this.#kept.splice(0)
  }

  /** The exit code of a process that one of them has ended; `undefined` if none does so. */
  get exitCode(): number | undefined {
    return this.#kept.map((name) => endingSignals[name]).find((code) => code !== undefined)
  }
}

/** Whether a signal ends a process that does not handle it. */
export function endsProcess(name: NodeJS.Signals): boolean {
  return endingSignals[name] !== undefined
}

/** Signals that a terminal or a service manager sends to end a process, with the exit code for each. */
const endingSignals: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGQUIT: 131,
  SIGTERM: 143,
}
