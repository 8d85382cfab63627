import { rmSync, writeFileSync } from 'node:fs'
import { type Healthcheck, StrakeError } from '#oci'
import {
  killTree,
  type ProcessIdentity,
  readPlainFile,
  spawnProcess,
  startTimer,
  type Timer,
} from '#platform'
import {
  checkUserTables,
  encodeConfig,
  type ProcessConfig,
  readBundle,
  resolveWorkingDirectory,
  runtimeCommand,
  runtimeEnvironment,
} from '#runtime'
import { isFullDisk } from '../model/reserve.ts'
import { openView } from '../model/running-view.ts'
import { writeJson } from '../model/state.ts'
import type { HealthProbe, HealthState, HealthStatus } from '../observe/health.ts'
import { nextWait, shortest, timingOf } from '../observe/health-timing.ts'
import type { MonitorOrder } from '../protocol/order.ts'

const mostProbes = 5
const mostOutput = 4096

/**
 * Returns the state after one more probe. Failures in the start period do not count,
 * unless the container has been healthy before.
 */
export function afterProbe(
  state: HealthState,
  probe: HealthProbe,
  options: { readonly retries: number; readonly starting: boolean },
): HealthState {
  const Log = [...state.Log, probe].slice(-mostProbes)
  if (probe.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log }
  if (options.starting && state.Status === 'starting') return { ...state, Log }
  const FailingStreak = state.FailingStreak + 1
  const Status = FailingStreak >= options.retries ? 'unhealthy' : state.Status
  return { Status, FailingStreak, Log }
}

export interface HealthOptions {
  readonly order: MonitorOrder
  readonly health: Healthcheck
  /** The container's directory. */
  readonly directory: string
  /** Its directory below the run directory, so that a full disk fails no probe. */
  readonly run: string
  /** The file that holds the state. */
  readonly path: string
  /** The first process of the container. */
  readonly process: ProcessIdentity | undefined
  /** What another monitor has found; else the state before the first probe. */
  readonly state: HealthState
  /** Milliseconds that the container has run already. */
  readonly age: number
  /** Called when the status changes. */
  readonly onStatus: (status: HealthStatus) => void
}

/** The probes of one run, until they are disposed. */
export interface HealthWatch extends Disposable {
  /** Probes now, and resolves with the state after it; with `undefined` when the container ends. */
  probe(): Promise<HealthState | undefined>
}

/** Probes the container until the watch is disposed. Only one probe runs at a time. */
export function watchHealth(options: HealthOptions): HealthWatch {
  const timing = timingOf(options.health)
  const started = performance.now() - options.age
  let { state } = options
  let timer: Timer | undefined
  let stopped = false
  let running: Promise<HealthState | undefined> | undefined
  save(options.path, state)
  const elapsed = (): number => performance.now() - started
  const schedule = (): void => {
    if (stopped) return
    const wait = nextWait(timing, state, elapsed())
    // The first interval begins with the container, not with this process.
    const rest = state.Log.length === 0 ? Math.max(wait - elapsed(), shortest) : wait
    timer = startTimer(rest, () => void look())
  }
  const look = (): Promise<HealthState | undefined> => {
    timer?.cancel()
    running = lookOnce().finally(() => {
      running = undefined
    })
    return running
  }
  const lookOnce = async (): Promise<HealthState | undefined> => {
    const starting = elapsed() < timing.startPeriod
    const probe = await runProbe(options, timing.timeout)
    // A probe that an ending container breaks says nothing about its health.
    if (stopped || (probe.ExitCode !== 0 && hasEnded(options))) return undefined
    const before = state.Status
    state = afterProbe(state, probe, { retries: timing.retries, starting })
    save(options.path, state)
    if (state.Status !== before) options.onStatus(state.Status)
    schedule()
    return state
  }
  schedule()
  return {
    async probe() {
      // What made the caller ask may have happened after the running probe began.
      while (running !== undefined) await running
      return stopped ? undefined : await look()
    },
    [Symbol.dispose]() {
      stopped = true
      timer?.cancel()
    },
  }
}

function hasEnded({ process }: HealthOptions): boolean {
  using view = process && openView(process)
  return view === undefined
}

/** Ignores a full disk: the next probe writes the state again. */
function save(path: string, state: HealthState): void {
  try {
    writeJson(path, state)
  } catch (error) {
    if (!isFullDisk(error)) throw error
  }
}

async function runProbe(options: HealthOptions, timeout: number): Promise<HealthProbe> {
  const { order, directory, run } = options
  const [file, pidFile] = [`${run}/health-process.json`, `${run}/health.pid`]
  const Start = new Date().toISOString()
  const finish = (ExitCode: number, Output: string): HealthProbe => {
    return { Start, End: new Date().toISOString(), ExitCode, Output }
  }
  try {
    writeFileSync(file, encodeConfig(probeProcess(options)), { mode: 0o600 })
    rmSync(pidFile, { force: true })
  } catch (error) {
    return finish(-1, error instanceof Error ? error.message : String(error))
  }
  const child = spawnProcess(
    runtimeCommand(order.runtime, 'exec', '--process', file, '--pid-file', pidFile, order.id),
    { stdio: ['ignore', 'pipe', 'pipe'], env: runtimeEnvironment, cwd: directory },
  )
  let late = false
  const alarm = startTimer(timeout, () => {
    late = true
    // The runtime may not have written the file yet, and the probe may have started others.
    killTree(child.pid)
    killProbe(pidFile)
  })
  const output = createOutput()
  await Promise.all([output.take(child.stdout), output.take(child.stderr)])
  const { code } = await child.exited
  alarm.cancel()
  if (late) return finish(-1, `Health check exceeded timeout (${timeout / 1000}s)`)
  return finish(code, output.text())
}

/**
 * Kills the process of the probe: killing the runtime's `exec` alone leaves that process
 * running.
 */
function killProbe(pidFile: string): void {
  try {
    process.kill(Number(readPlainFile(pidFile)), 'SIGKILL')
  } catch {
    // The process has not started yet, or has ended.
  }
}

/**
 * Checks the process again before each probe: the container may have changed, and the
 * runtime checks nothing.
 */
function probeProcess(options: HealthOptions): ProcessConfig {
  const { directory, process: identity } = options
  const { terminal, consoleSize, ...process } = readBundle(directory).process
  using files = identity && openView(identity)
  if (files === undefined)
    throw new StrakeError('CONFLICT', 'Cannot probe: the container has ended')
  checkUserTables(files)
  const cwd = resolveWorkingDirectory(files, process.cwd, 'refuse')
  return { ...process, cwd, args: probeCommand(options) }
}

function probeCommand({ health, order }: HealthOptions): readonly string[] {
  const [kind, ...words] = health.Test ?? []
  return kind === 'CMD-SHELL' ? [...order.shell, ...words] : words
}

/** Keeps the first bytes and reads the rest, so that a probe never waits for a reader. */
function createOutput(): {
  take(bytes: AsyncIterable<Uint8Array> | undefined): Promise<void>
  text(): string
} {
  let kept: Uint8Array = new Uint8Array(0)
  return {
    async take(bytes) {
      for await (const chunk of bytes ?? []) {
        if (kept.length < mostOutput) kept = Buffer.concat([kept, chunk]).subarray(0, mostOutput)
      }
    },
    text: () => new TextDecoder().decode(kept),
  }
}
