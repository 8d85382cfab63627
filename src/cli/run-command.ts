import type { Engine } from '#engine/engine'
import { describeDamage } from '#engine/facts'
import type { ClosedStore } from '#engine/host/roots'
import { version } from '#engine/host/version'
import { isStrakeError } from '#oci'
import { ignoresHangup, isRoot, isSystemError } from '#platform'
import {
  type GlobalOptions,
  ignoredServer,
  parseGlobalOptions,
} from './arguments/global-options.ts'
import { shorten } from './arguments/long-forms.ts'
import { parseCommand, runParsed, UsageError } from './arguments/parse-command.ts'
import { requireText } from './arguments/require-text.ts'
import type { Context } from './context.ts'
import { renderError } from './render/error.ts'
import { type Output, openOutput } from './render/output.ts'
import { commands } from './table.ts'
import { untilAborted } from './until-aborted.ts'

/** Runs one command line to its end and sets the exit code of the process. */
export async function runCommand(rawArgv: readonly string[]): Promise<void> {
  const options = readGlobalOptions(rawArgv)
  if (!isRoot() && usesStore(options)) await enterNamespace(rawArgv, options)
  const cancel = cancelOnSignals()
  const whileReading = {
    onStandstill: cancel.pause,
    isEnding: () => cancel.signal.aborted,
  }
  let opening: Promise<Engine> | undefined
  const context: Context = {
    out: openOutput(1, whileReading),
    err: openOutput(2, whileReading),
    signal: cancel.signal,
    debug: options.debug,
    exitCode: 0,
    leaveSignals: cancel.leave,
    engine() {
      opening ??= openEngineLazily(options).then((engine) => {
        if (engine.records.loss.get() !== undefined) warnOfDamage(engine, context.err)
        return engine
      })
      return opening
    },
    engineOrProblem: () => engineOrProblem(context, options),
  }
  try {
    requireText(rawArgv)
    if (options.refusal !== undefined) throw options.refusal
    if (options.warning !== undefined) context.err.write(`warning: ${options.warning}\n`)
    await warnOfServer(context, options)
    if (options.config !== undefined) process.env['DOCKER_CONFIG'] = options.config
    await dispatch(context, shorten(options.argv))
  } catch (error) {
    if (cancel.signal.aborted) {
      // Keeps the shell's prompt off the line of ^C.
      if (context.err.isTerminal) context.err.write('\n')
      context.exitCode = cancel.exitCode()
    } else context.exitCode = await reportFailure(context, options.argv, error)
  } finally {
    await opening?.then((engine) => end(engine, context.err)).catch(() => {})
  }
  await drain(context, cancel)
  process.exit(context.exitCode)
}

/** Completion only reads the records of a store, which needs no rights. */
function usesStore({ argv, refusal }: GlobalOptions): boolean {
  const [name = ''] = shorten(argv)
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  return refusal === undefined && entry !== undefined && entry.needsNoStore !== true
}

async function enterNamespace(words: readonly string[], { root }: GlobalOptions): Promise<void> {
  const rootless = await import('#engine/rootless/enter')
  await rootless.enterNamespace(words, { root })
}

/** Commands for which the variables of Docker mean something, or which set them. */
const clients = ['compose', 'system']

/** A user at a terminal learns that the command works on this machine. */
async function warnOfServer({ err }: Context, { argv, root }: GlobalOptions): Promise<void> {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: chosen } = process.env
  if (!(host || chosen) || !err.isTerminal || clients.includes(argv[0] ?? '')) return
  const { findRoots } = await import('#engine/host/roots')
  const warning = ignoredServer(process.env, findRoots({ root }).run)
  if (warning !== undefined) err.write(`warning: ${warning}\n`)
}

/** Waits until the reader has read all output, or until a signal arrives. */
async function drain(context: Context, { signal, exitCode }: Cancellation): Promise<void> {
  const waiting = [context.out.drained(), context.err.drained()]
  if (waiting.every((each) => each === undefined)) return
  try {
    // After an interrupt, the reader gets a short time for the last output.
    const end = signal.aborted ? AbortSignal.timeout(drainLimit) : signal
    await untilAborted(Promise.all(waiting), end)
    if (signal.aborted) context.exitCode = exitCode()
  } catch {
    context.exitCode ||= 1
  }
}

/** In milliseconds. */
const drainLimit = 200

/** A completion uses the store that the completed command line names. */
function readGlobalOptions(argv: readonly string[]): GlobalOptions {
  if (argv[0] !== '__complete') return parseGlobalOptions(argv)
  const { root, snapshotter } = parseGlobalOptions(argv.slice(1, -1))
  return { root, snapshotter, debug: false, argv }
}

async function engineOrProblem(
  context: Context,
  { root }: GlobalOptions,
): Promise<Engine | ClosedStore> {
  try {
    return await context.engine()
  } catch (problem) {
    if (!isStrakeError(problem)) throw problem
    const { findRoots } = await import('#engine/host/roots')
    return { ...findRoots({ root }), problem }
  }
}

/** Closes the store, and warns when the command found damaged records. */
async function end(engine: Engine, err: Output): Promise<void> {
  const { loss, damaged } = engine.records
  if (damaged.length > 0 && loss.get() === undefined) warnOfDamage(engine, err)
  await engine[Symbol.asyncDispose]()
}

function warnOfDamage(engine: Engine, err: Output): void {
  const damage = describeDamage(engine) ?? ''
  err.write(`warning: ${damage}\n         run strake system check --repair\n`)
}

async function openEngineLazily({ root, snapshotter }: GlobalOptions): Promise<Engine> {
  const { openEngine } = await import('#engine/open')
  return openEngine({
    root,
    snapshotter,
  })
}

async function dispatch(context: Context, argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const topic = name === 'help' ? rest : []
    if (topic.length > 0) return dispatch(context, shorten([...topic, '--help']))
    const { formatHelp } = await import('./help.ts')
    context.out.write(formatHelp())
    return
  }
  if (name === '--version' || name === '-v') {
    context.out.write(`strake version ${version}\n`)
    return
  }
  if (name === '__complete') {
    const { complete } = await import('./completion/complete.ts')
    return complete(context, rest)
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) return refuseUnknown(context, name)
  if (entry.isLong === true) {
    const { compileEagerly } = await import('#platform/process/javascript-engine')
    compileEagerly()
  }
  await entry.begin?.()
  const { define } = await entry.load()
  await runParsed(parseCommand(define(context), rest))
}

async function refuseUnknown(context: Context, name: string): Promise<void> {
  const { suggest } = await import('#dockerfile/suggest')
  const { describeUnknown } = await import('./arguments/usage.ts')
  const close = suggest(name, Object.keys(commands))
  context.err.write(`strake: ${describeUnknown(name, { close, path: '' })}\n`)
  context.exitCode = name.startsWith('-') ? 125 : 1
}

async function reportFailure(
  context: Context,
  argv: readonly string[],
  error: unknown,
): Promise<number> {
  // The reader has closed the pipe: exit without a message.
  if (isBrokenPipe(error)) return 141
  const code = startFailureCode(error) ?? errorCode(argv, error)
  try {
    if (error instanceof UsageError) {
      const { explainUsage } = await import('./arguments/usage.ts')
      return explainUsage(context, error) ? 0 : code
    }
    renderError(context.err, error, context.debug)
  } catch (unsaid) {
    // Standard error cannot be written, for example on a full disk. Only the exit code reports the failure.
    if (!isSystemError(unsaid)) throw unsaid
  }
  return code
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** Returns 126 for a command that cannot be executed, and 127 for an absent command. */
function startFailureCode(error: unknown): number | undefined {
  const isStart = error instanceof Error && 'exitCode' in error
  return isStart && typeof error.exitCode === 'number' ? error.exitCode : undefined
}

/**
 * A wrong option ends every command with 125. `run`, `healthcheck` and the verb `exists` of a group also end with it when
 * strake itself fails, as in Docker and Podman. The code of a wrong number of arguments is 1.
 */
function errorCode(argv: readonly string[], error: unknown): number {
  if (error instanceof UsageError && error.problem.kind !== 'help') {
    return isAboutOption(error) ? 125 : 1
  }
  const [name, verb] = shorten(argv)
  return name === 'run' || name === 'healthcheck' || verb === 'exists' ? 125 : 1
}

function isAboutOption({ problem: { kind } }: UsageError): boolean {
  return kind === 'unknown-option' || kind === 'missing-value' || kind === 'bad-value'
}

interface Cancellation {
  readonly signal: AbortSignal
  exitCode(): number
  leave(): void
  /** Restores the default action of signals while the process blocks. The returned function undoes that. */
  readonly pause: () => () => void
}

/**
 * The first SIGINT, SIGTERM or SIGHUP cancels the command. A second one ends the process at once.
 * Under `nohup`, SIGHUP stays ignored.
 */
function cancelOnSignals(): Cancellation {
  const controller = new AbortController()
  let code = 130
  const handle = (exitCode: number) => () => {
    if (controller.signal.aborted) process.exit(exitCode)
    code = exitCode
    controller.abort(new Error('interrupted'))
  }
  const handlers = [
    ['SIGINT', handle(130)],
    ['SIGTERM', handle(143)],
    ...(ignoresHangup() ? [] : [['SIGHUP', handle(129)] as const]),
  ] as const
  let hasLeft = false
  const take = (): void => {
    for (const [name, handler] of handlers) process.on(name, handler)
  }
  const drop = (): void => {
    for (const [name, handler] of handlers) process.off(name, handler)
  }
  take()
  return {
    signal: controller.signal,
    exitCode: () => code,
    leave() {
      hasLeft = true
      drop()
    },
    pause() {
      if (hasLeft) return () => {}
      drop()
      return take
    },
  }
}
