import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type ContainerStreams, type ExecOptions, type ExecProcess, getContainer } from '#container'
import { execCreated } from '#container/process/exec-events'
import { requireExecUser } from '#container/verbs/exec'
import { isStrakeError, StrakeError } from '#oci'
import { isAlive, isSystemError, ownIdentity, type ProcessIdentity, readPlainFile } from '#platform'
import { execInContainer } from '../container/exec.ts'
import type { Engine } from '../engine.ts'

/** What to run in a container. */
export interface ExecRequest
  extends Pick<
    ExecOptions,
    'command' | 'env' | 'tty' | 'interactive' | 'user' | 'workingDir' | 'privileged' | 'detachKeys'
  > {
  readonly stdout: boolean
  readonly stderr: boolean
}

/**
 * A process that a client asked for in one request, to start it in another one. It is a file in
 * `$STRAKE_RUN`, so that the requests may reach different servers.
 */
export interface ExecInstance {
  readonly id: string
  /** The ID of the container. */
  readonly container: string
  readonly request: ExecRequest
  readonly state: 'created' | 'running' | 'exited'
  /** The pid of the process; absent before its start. */
  readonly pid?: number | undefined
  /** Absent before its end, and when the server that started it was killed. */
  readonly exitCode?: number | undefined
  /** The server that started it. */
  readonly server?: ProcessIdentity | undefined
}

/** Prepares a process for a running container, and returns its ID. Throws `CONFLICT`, `NOT_FOUND`. */
export async function createExec(
  engine: Engine,
  name: string,
  request: ExecRequest,
): Promise<string> {
  const container = getContainer(engine, name)
  if (container.state.status !== 'running') {
    const isPaused = container.state.status === 'paused'
    const reason = isPaused ? 'is paused, unpause the container before exec' : 'is not running'
    throw new StrakeError('CONFLICT', `container ${container.id} ${reason}`)
  }
  if (request.user !== undefined) requireExecUser(container, request.user)
  forgetOld(engine)
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  write(engine, { id, container: container.id, request, state: 'created' })
  await engine.records.events.note(execCreated({ container, id, command: request.command }))
  return id
}

/** Throws `NOT_FOUND`. */
export function readExec(engine: Engine, id: string): ExecInstance {
  const text = /^[0-9a-f]{64}$/.test(id) ? readPlainFile(pathOf(engine, id)) : undefined
  if (text === undefined) throw new StrakeError('NOT_FOUND', `No such exec instance: ${id}`)
  const instance = JSON.parse(text) as ExecInstance
  const { state, server } = instance
  const isLost = state === 'running' && server !== undefined && !isAlive(server)
  return isLost ? { ...instance, state: 'exited' } : instance
}

export interface StartExecOptions {
  /** Default: the process has no input, and its output is dropped. */
  readonly streams?: ContainerStreams | undefined
  readonly consoleSize?: ExecOptions['consoleSize']
  readonly onStarted: (process: ExecProcess) => void
  /** Called when the client has left by the detach keys. The process runs on. */
  readonly onDetached?: (() => void) | undefined
  /** Aborts when the client has left. */
  readonly signal: AbortSignal
}

/**
 * Starts a prepared process and waits for its end, also when the client leaves: then the process has
 * no input any more, and its output is dropped. Throws `CONFLICT` when it was started before,
 * `StartError`, and like `execInContainer`.
 */
export async function startExec(
  engine: Engine,
  id: string,
  { streams, consoleSize, onStarted, onDetached, signal }: StartExecOptions,
): Promise<void> {
  const instance = readExec(engine, id)
  if (instance.state !== 'created') {
    throw new StrakeError('CONFLICT', `Error: Exec command ${id} is already running`)
  }
  const { container, request } = instance
  const running: ExecInstance = { ...instance, state: 'running', server: ownIdentity() }
  write(engine, running)
  const session = afterStart(signal)
  let started: ExecProcess | undefined
  try {
    const { code, detached } = await execInContainer(engine, container, {
      ...request,
      execId: id,
      interactive: request.interactive && streams !== undefined,
      streams: streams === undefined ? silentStreams : session.ending(streams),
      consoleSize,
      signal: session.signal,
      onStarted(process) {
        started = process
        write(engine, { ...running, pid: process.pid })
        onStarted(process)
        session.begin()
      },
    })
    if (detached) onDetached?.()
    const exitCode = detached ? (await started?.exited)?.code : code
    write(engine, { ...running, pid: started?.pid, state: 'exited', exitCode })
  } catch (error) {
    const end = { pid: started?.pid, exitCode: startFailureCode(error) }
    write(engine, { ...running, ...end, state: 'exited' })
    throw error
  }
}

interface ClientSession {
  readonly signal: AbortSignal
  /** Called when the process runs. */
  begin(): void
  /** Streams whose failure is the end of the session, because the client has left. */
  ending(streams: ContainerStreams): ContainerStreams
}

/** A client that leaves during the start ends its session after the start: the process runs. */
function afterStart(signal: AbortSignal): ClientSession {
  const controller = new AbortController()
  const leave = (): void => controller.abort()
  return {
    signal: controller.signal,
    begin() {
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    },
    ending: ({ input, output }) => ({
      input,
      output: async (stream, bytes) => await output(stream, bytes).catch(leave),
    }),
  }
}

const silentStreams: ContainerStreams = {
  input: (async function* () {})(),
  output: async () => {},
}

/** 126 and 127 for a command that cannot be started, as in a shell. */
function startFailureCode(error: unknown): number {
  const code = error instanceof Error && 'exitCode' in error ? error.exitCode : undefined
  return typeof code === 'number' ? code : 126
}

const directoryOf = ({ run }: Engine): string => `${run}/execs`
const pathOf = (engine: Engine, id: string): string => `${directoryOf(engine)}/${id}.json`

function write(engine: Engine, instance: ExecInstance): void {
  mkdirSync(directoryOf(engine), { recursive: true, mode: 0o700 })
  const path = pathOf(engine, instance.id)
  writeFileSync(`${path}.new`, JSON.stringify(instance), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Milliseconds that a client may ask for the exit code of a process that has ended. */
const memory = 10 * 60_000

/** Removes processes that ended long ago, and those of containers that are gone. */
function forgetOld(engine: Engine): void {
  const now = Date.now()
  for (const name of listFiles(directoryOf(engine))) {
    const path = `${directoryOf(engine)}/${name}`
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now)
    if (age > memory && isForgettable(engine, name.slice(0, -'.json'.length)))
      rmSync(path, { force: true })
  }
}

function isForgettable(engine: Engine, id: string): boolean {
  try {
    const { state, container } = readExec(engine, id)
    return state === 'exited' || engine.records.containers.get(container) === undefined
  } catch (error) {
    if (isStrakeError(error) || error instanceof SyntaxError) return true
    throw error
  }
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
