import { StrakeError } from '#oci'
import { killTree, spawnProcess } from '#platform'

/** A git process that ran to its end. */
export interface GitResult {
  readonly code: number
  readonly stdout: string
  /** The last line of its messages. */
  readonly reason: string
}

export interface GitRun {
  readonly env: Readonly<Record<string, string>>
  /** Milliseconds after which the process is killed. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Called with the output. It may throw to end the process. The default collects 1 MiB. */
  readonly onOutput?: ((chunk: Uint8Array) => void) | undefined
}

/** The largest file that git may write, in units of `ulimit -f`: 16 GiB at most. */
const largestFile = 16 * 1024 * 1024

/** The most characters of output and of messages that are kept. */
const outputLimit = 1024 * 1024

/** Sets the limit and becomes git. The arguments never become part of a command line. */
const script = `ulimit -f ${largestFile} && exec git "$@"`

/**
 * Runs git. Its processes end with `signal`, and after `timeout`. Throws `UNSUPPORTED`
 * without the program, and `UNAVAILABLE` after the time. A failure of git is a result.
 */
export async function runGit(args: readonly string[], run: GitRun): Promise<GitResult> {
  run.signal.throwIfAborted()
  const child = spawnProcess(['/bin/sh', '-c', script, 'git', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: run.env,
    cwd: '/',
    ownSession: true,
  })
  const late = AbortSignal.timeout(run.timeout)
  const stop = (): void => void killTree(child.pid)
  for (const signal of [run.signal, late]) signal.addEventListener('abort', stop, { once: true })
  let failure: { readonly error: unknown } | undefined
  let stdout = ''
  const decoder = new TextDecoder()
  const onOutput = (chunk: Uint8Array): void => {
    if (run.onOutput !== undefined) run.onOutput(chunk)
    else if (stdout.length < outputLimit) stdout += decoder.decode(chunk, { stream: true })
  }
  const read = async (): Promise<void> => {
    for await (const chunk of child.stdout ?? []) {
      if (failure !== undefined) continue
      try {
        onOutput(chunk)
      } catch (error) {
        failure = { error }
        stop()
      }
    }
  }
  try {
    const [, messages, exit] = await Promise.all([read(), readMessages(child.stderr), child.exited])
    run.signal.throwIfAborted()
    if (failure !== undefined) throw failure.error
    if (late.aborted) {
      const minutes = Math.round(run.timeout / 60_000)
      throw new StrakeError('UNAVAILABLE', `Cannot run git: it took longer than ${minutes} minutes`)
    }
    if (exit.code === 127) {
      throw new StrakeError('UNSUPPORTED', 'Cannot use a git repository: there is no program git', {
        remedy: 'install git',
      })
    }
    return { code: exit.code, stdout, reason: lastReason(messages) }
  } finally {
    for (const signal of [run.signal, late]) signal.removeEventListener('abort', stop)
  }
}

async function readMessages(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bytes ?? []) {
    if (text.length < outputLimit) text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** The message of git that names the reason, as one short line. */
function lastReason(messages: string): string {
  const lines = messages.split('\n').map((line) => line.trim())
  const found =
    lines.find((line) => line.startsWith('fatal: ')) ??
    lines.find((line) => line.startsWith('error: ')) ??
    lines.findLast((line) => line !== '') ??
    'git gave no reason'
  const reason = found.replace(/^(?:fatal|error): (?:unable to access '[^']*': )?/, '')
  const plain = reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)
  return /^[A-Z][a-z]/.test(plain) ? plain.charAt(0).toLowerCase() + plain.slice(1) : plain
}
