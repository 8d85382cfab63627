import { isSystemError, ownIdentity, pathExists, sleep, type WindowSize } from '#platform'
import { cgroupPath, forget, freeze, isFrozen, openRuntime, StartError } from '#runtime'
import { type LogWriter, openLog } from '../logs/log-writer.ts'
import type { NoteEvent } from '../model/container-events.ts'
import type { ContainerPaths } from '../model/context.ts'
import { MonitorLock } from '../model/lock.ts'
import type { OutputStream } from '../model/options.ts'
import type { ContainerState } from '../model/state.ts'
import { forgetHolds } from '../protocol/hold.ts'
import {
  type ForegroundDescriptors,
  type MonitorOrder,
  type MonitorReport,
  readRestartPolicy,
} from '../protocol/order.ts'
import type { HealthSupervision } from '../services/health-action.ts'
import type { Adopted } from './adopted-process.ts'
import { beginRun, followRun, type RunEnd } from './container-run.ts'
import { EarlySignals, endsProcess } from './early-signals.ts'
import { Foreground } from './foreground.ts'
import { ContainerInput } from './input.ts'
import { MonitorState } from './monitor-state.ts'
import type { RunningContainer } from './process.ts'
import { nextDelay, shouldRestart } from './restart.ts'
import { type ClientRequests, type ClientServer, listenForClients } from './server.ts'

export interface MonitoredOptions {
  readonly order: MonitorOrder
  readonly paths: ContainerPaths
  /** Descriptors of the command that started the container in the foreground. */
  readonly streams: ForegroundDescriptors
  readonly report: (report: MonitorReport) => void
  /** Called once with a function that signals the container. */
  readonly onSignal: (send: (signal: NodeJS.Signals) => void) => void
  /** Called when another process has changed something of the running container. */
  readonly onWake?: (() => void) | undefined
  /** Records events of the container. */
  readonly note: NoteEvent
  /** The container runs already: another monitor has started it. */
  readonly adopted?: Adopted | undefined
  /** The container's lock, which is released as soon as the container is adopted. */
  readonly lock?: Disposable | undefined
}

/** How the last run of a container ended. */
export interface Ended {
  readonly code: number
  readonly oomKilled: boolean
  /** Why the container could not be started; absent if it ran. */
  readonly failure?: string
}

/** A container with its monitor, from the first start over every restart to the end. */
export class MonitoredContainer {
  readonly #options: MonitoredOptions
  readonly state: MonitorState
  #container: RunningContainer | undefined
  readonly #early = new EarlySignals()
  #wake = Promise.withResolvers<void>()
  #server: Promise<ClientServer> | undefined
  readonly #input: ContainerInput
  readonly #foreground: Foreground
  readonly #lock: MonitorLock
  #size: WindowSize | undefined
  #health: HealthSupervision | undefined
  #isInterrupted = false
  #isOver = false
  #adopted: Adopted | undefined
  /** The container is started again whatever its restart policy is. */
  #restarts = false

  constructor(options: MonitoredOptions) {
    this.#options = options
    this.#adopted = options.adopted
    this.#input = new ContainerInput(options.order)
    this.#foreground = new Foreground(options.streams)
    this.state = new MonitorState(options.paths)
    this.#lock = new MonitorLock(options.paths.directory)
    options.onSignal((signal) => this.#signal(signal))
  }

  readonly requests: ClientRequests = {
    input: (data) => this.#input.write(data),
    endInput: () => this.#input.end(),
    resize: (rows, columns) => this.#resize({ rows, columns }),
    wake: () => {
      this.#wake.resolve()
      // The file may have been damaged: this process knows the state.
      this.state.refresh()
      this.#options.onWake?.()
    },
    resume: () => this.#resume(),
    probe: async () => await this.#health?.probe(),
  }

  /** A signal that arrives before the first process has started is kept for it. */
  #signal(name: NodeJS.Signals): void {
    this.#isInterrupted ||= endsProcess(name)
    if (this.#isOver && this.#isInterrupted) this.#foreground.leave()
    else if (this.#container !== undefined) this.#container.signal(name)
    else if (!this.state.hasStarted) this.#early.keep(name)
  }

  /** Resumes the container after the command that suspended it was killed. */
  async #resume(): Promise<void> {
    const { id, cgroupParent } = this.#options.order
    const group = cgroupPath(id, cgroupParent)
    forgetHolds(this.#options.paths)
    if (isFrozen(group) && freeze(group, false)) await this.#note('unpause')
  }

  /** Keeps the size for later runs too: each run has its own terminal. */
  #resize(size: WindowSize): void {
    this.#size = size
    this.#container?.resize(size)
  }

  /** Lets other processes start and remove the container again. */
  unlock(): void {
    this.#lock[Symbol.dispose]()
  }

  /** The server for clients. It is started by the first call. */
  listen(): Promise<ClientServer> {
    this.#server ??= listenForClients(this.#options.paths.socket, this.requests)
    return this.#server
  }

  async run(): Promise<Ended> {
    const { order, paths, report } = this.#options
    const log = await openLog(paths.log, order)
    let delay: number | undefined
    const first = this.#adopted === undefined ? 0 : this.state.restarts
    for (let restarts = first; ; restarts++) {
      const container = await this.#start(restarts)
      this.#options.lock?.[Symbol.dispose]()
      if (restarts === first) {
        report({ type: 'started' })
        void this.#foreground.feed(this.#input)
      } else {
        await this.#note('start')
      }
      const begun = Date.parse(this.state.startedAt)
      const { code, oomKilled, problem } = await this.#follow(container, log)
      const ran = Date.now() - begun
      const stopRequested = pathExists(paths.stopRequest)
      const finishedAt = new Date().toISOString()
      const ended = { exitCode: code, oomKilled, finishedAt, error: problem ?? '' }
      const policy = readRestartPolicy(paths.order, order)
      const ending = { code, ran, stopRequested, restarts }
      const isRestarted = (this.#restarts && !stopRequested) || shouldRestart(policy, ending)
      if (!isRestarted) {
        await this.#lock.take()
        this.state.write({ ...ended, status: 'exited' })
        log?.close()
        await this.#noteEnd(ended)
        return { code, oomKilled }
      }
      delay = nextDelay(delay, ran)
      this.state.write({ ...ended, status: 'restarting', restartCount: restarts + 1 })
      await this.#noteEnd(ended)
      if (!(await this.#pause(delay))) {
        await this.#lock.take()
        this.state.write({ status: 'exited' })
        return { code, oomKilled }
      }
    }
  }

  async #noteEnd({
    exitCode,
    oomKilled,
  }: Pick<ContainerState, 'exitCode' | 'oomKilled'>): Promise<void> {
    if (oomKilled) await this.#note('oom')
    await this.#note('die', { exitCode: String(exitCode) })
  }

  readonly #note: NoteEvent = async (action, attributes) => {
    await this.#lock.waitForStart()
    await this.#options.note(action, attributes)
  }

  /** Drops later input and resolves when the command in the foreground has written all output. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#input.finish()
    await this.#foreground.flush({ isImpatient: this.#isInterrupted })
  }

  /** Notes an error of this process that is not the end of the container. Returns whether it is one. */
  leave(error: unknown): boolean {
    if (!this.state.isAlive) return false
    this.state.note(new Error(`it runs without a monitor: ${messageOf(error)}`))
    this.#options.lock?.[Symbol.dispose]()
    return true
  }

  async failed(error: unknown): Promise<Ended> {
    this.#options.lock?.[Symbol.dispose]()
    // Until the first run, the process that starts the container holds the lock.
    if (this.state.hasStarted) await this.#lock.take()
    const { code, reason } = this.#reasonOf(error)
    const finishedAt = new Date().toISOString()
    // Docker calls a container that was never started `created`, with the reason.
    const status = this.state.hasStarted ? 'exited' : 'created'
    try {
      this.state.write({ status, exitCode: code, error: reason, finishedAt })
    } catch (cause) {
      // The command gets the first error. The next one finds a container without a monitor.
      if (!isSystemError(cause)) throw cause
    }
    return { code, oomKilled: false, failure: reason }
  }

  /** Ctrl-C also reaches the runtime if this process is in the session of a terminal. */
  #reasonOf(error: unknown): { readonly code: number; readonly reason: string } {
    const fatal = this.#early.exitCode
    if (fatal !== undefined) {
      return { code: fatal, reason: 'Cannot start the container: interrupted' }
    }
    return { code: error instanceof StartError ? error.exitCode : 125, reason: messageOf(error) }
  }

  async #start(restarts: number): Promise<RunningContainer> {
    const { order, paths } = this.#options
    const adopted = this.#adopted
    this.#adopted = undefined
    this.#restarts = false
    const starting = beginRun({ order, paths, adopted, restarts })
    // The server is started while the runtime works, so that the socket exists before the
    // state says `running`.
    const [started] = await Promise.allSettled([starting, this.listen()])
    await this.listen()
    if (started.status === 'rejected') throw started.reason
    const container = started.value
    this.#container = container
    if (this.#size !== undefined) container.resize(this.#size)
    this.state.write({
      status: 'running',
      ...(container.identity && { process: container.identity }),
      ...(container.pipes && { pipes: container.pipes }),
      ...(container.holder && { holder: container.holder }),
      ...(container.isDeaf && { isDeaf: true }),
      monitor: ownIdentity(),
      ...(adopted === undefined && { startedAt: new Date().toISOString() }),
      exitCode: 0,
      oomKilled: false,
      error: '',
      restartCount: restarts,
    })
    container.keepHolder?.()
    for (const signal of this.#early.take()) container.signal(signal)
    return container
  }

  /** Watches one run until it ends, and passes on all of its output. */
  async #follow(container: RunningContainer, log: LogWriter | undefined): Promise<RunEnd> {
    const { order, paths } = this.#options
    const targets = {
      log,
      server: await this.listen(),
      foreground: this.#foreground.outputs,
      onLost: (stream: OutputStream, error: unknown) => this.#loseOutput(stream, error),
    }
    const end = await followRun(container, {
      ...{ order, paths, targets, input: this.#input, note: this.#note },
      age: Math.max(Date.now() - Date.parse(this.state.startedAt), 0),
      onRestart: () => {
        this.#restarts = true
      },
      onHealth: (health) => {
        this.#health = health
      },
    })
    this.#container = undefined
    const group = cgroupPath(order.id, order.cgroupParent)
    await forget(openRuntime(order.runtime), order.id, group)
    return end
  }

  /** Reports a lost stream to the command in the foreground, which then ends. */
  #loseOutput(stream: OutputStream, error: unknown): void {
    if (!this.#foreground.outputs.delete(stream)) return
    const code = isSystemError(error) ? error.code : ''
    this.#options.report({ type: 'output-lost', stream, code })
  }

  /** Waits before a restart. Returns false if a user requests a stop during the wait. */
  async #pause(delay: number): Promise<boolean> {
    this.#wake = Promise.withResolvers()
    const { stopRequest } = this.#options.paths
    if (!pathExists(stopRequest)) await Promise.race([this.#wake.promise, sleep(delay)])
    return !pathExists(stopRequest)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
