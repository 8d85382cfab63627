import type { Engine } from '#engine/engine'
import { StrakeError } from '#oci'
import {
  buildingEnvironment,
  type ChildProcess,
  identifyProcess,
  selfCommand,
  spawnProcess,
} from '#platform'

/** The process that builds for a server. It runs while it is used, and some time longer. */
export interface Builder extends AsyncDisposable {
  /** Starts the process unless it runs. Throws `UNAVAILABLE`. */
  use(): Promise<BuilderUse>
}

/** The process does not end before this is disposed. */
export interface BuilderUse extends Disposable {
  /** The path of the socket on which the process serves the Engine API. */
  readonly socket: string
}

export interface BuilderOptions {
  /** The command line of the process. */
  readonly command?: readonly string[] | undefined
  /** Milliseconds between the last use and the end of the process. */
  readonly idle?: number | undefined
}

/** The first word of the command line of the process. */
const role = '__build'

/** Clients ask for the progress of a build 15 seconds after its end, so the process lives longer. */
const usualIdle = 30_000

/** Milliseconds after which a process that was told to end is killed. */
const patience = 15_000

interface Running {
  readonly child: ChildProcess
  readonly socket: Promise<string>
  users: number
  timer?: NodeJS.Timeout
}

/**
 * Returns the process that builds for the server of a store. It starts with its first use. The end of
 * its standard input tells it to end, so it never outlives its server.
 */
export function createBuilder(engine: Engine, options: BuilderOptions = {}): Builder {
  const { command = [...selfCommand(), role], idle = usualIdle } = options
  const children = new Set<ChildProcess>()
  let current: Running | undefined
  const start = (): Running => {
    const child = spawnProcess(command, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: environmentOf(engine),
      // Signals of the terminal do not reach the process: only the server ends it.
      ownSession: true,
    })
    children.add(child)
    const running: Running = { child, socket: readSocket(child), users: 0 }
    running.socket.catch(() => retire(running))
    void child.exited.then(() => {
      children.delete(child)
      forget(running)
    })
    return running
  }
  const forget = (running: Running): void => {
    if (current === running) current = undefined
  }
  const retire = (running: Running): void => {
    forget(running)
    void running.child.stdin?.end()
  }
  return {
    async use() {
      // `exited` resolves some time after the process has ended.
      if (current !== undefined && identifyProcess(current.child.pid) === undefined) forget(current)
      current ??= start()
      const running = current
      clearTimeout(running.timer)
      running.users += 1
      let isOver = false
      const end = (): void => {
        if (isOver) return
        isOver = true
        running.users -= 1
        if (running.users > 0) return
        running.timer = setTimeout(() => retire(running), idle)
        running.timer.unref()
      }
      try {
        return { socket: await running.socket, [Symbol.dispose]: end }
      } catch (error) {
        end()
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      current = undefined
      await Promise.all([...children].map(endChild))
    },
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  await child.stdin?.end()
  await child.exited
  clearTimeout(timer)
}

/** The process opens the same store, with the choices of the options of its server. */
function environmentOf({ root, run, env }: Engine): Readonly<Record<string, string>> {
  const known = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('LISTEN_'),
  )
  return {
    ...buildingEnvironment,
    ...Object.fromEntries(known),
    STRAKE_ROOT: root,
    STRAKE_RUN: run,
  }
}

/** Reads the path of the socket. The process writes it in a line when it listens. */
async function readSocket({ stdout }: ChildProcess): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stdout ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const at = text.indexOf('\n')
    if (at >= 0) return text.slice(0, at)
  }
  throw new StrakeError('UNAVAILABLE', 'Cannot build: the process for builds has ended', {
    remedy: 'read the output of strake system serve',
  })
}
