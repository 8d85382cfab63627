import { isStrakeError, StrakeError } from '#oci'

/** Returns the number of a signal. Only this loads `node:os`. */
export function numberOf(name: NodeJS.Signals): number {
  return process.getBuiltinModule('node:os').constants.signals[name]
}

/** Reads the stop signal of a container. An image may name an unknown one: then it is SIGTERM. */
export function stopSignalOf({
  stopSignal,
}: {
  readonly stopSignal: string
}): NodeJS.Signals | number {
  try {
    return parseSignal(stopSignal)
  } catch (error) {
    if (!isStrakeError(error, 'INVALID')) throw error
    return 'SIGTERM'
  }
}

/** Reads `TERM`, `SIGTERM`, `15` or `SIGRTMIN+3`. Throws `INVALID`. */
export function parseSignal(text: string): NodeJS.Signals | number {
  const name = text.toUpperCase().replace(/^SIG/, '')
  const number = /^\d+$/.test(name) ? Number(name) : realTime(name)
  if (number !== undefined && number > 0 && number <= 64) return number
  const known = signalNames.find((one) => one === `SIG${name}`)
  if (known !== undefined) return known
  throw new StrakeError('INVALID', `Cannot send signal ${text}: invalid signal: ${text}`)
}

const firstRealTime = 34

function realTime(name: string): number | undefined {
  const match = /^RTMIN(?:\+(\d+))?$/.exec(name)
  return match === null ? undefined : firstRealTime + Number(match[1] ?? 0)
}

const signalNames = [
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS'] as const),
  ...(['SIGFPE', 'SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM'] as const),
  ...(['SIGTERM', 'SIGSTKFLT', 'SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP'] as const),
  ...(['SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM'] as const),
  ...(['SIGPROF', 'SIGWINCH', 'SIGIO', 'SIGPWR', 'SIGSYS'] as const),
]
