import { StrakeError } from '#oci'
import {
  fs,
  isSystemError,
  mountsBelow,
  programEnvironment,
  runCommand,
  sleep,
  unmount,
} from '#platform'
import { cgroupPath, ownsCgroups, removeCgroups } from './cgroup.ts'

/** A program that starts processes from bundles, with the command line of runc: any OCI runtime. */
export interface Runtime {
  /** What the program calls itself: `crun`, `runc`, `youki`, `runsc`. */
  readonly name: string
  /** Absolute path of the program. */
  readonly path: string
  readonly version: string
  /** Where the runtime keeps its state (`--root`). */
  readonly root: string
  state(id: string): Promise<ContainerState | undefined>
  kill(id: string, signal: string): Promise<void>
  /**
   * Deletes a container; an absent one is not an error. Throws `CONFLICT` when it runs, unless
   * `force`.
   */
  delete(id: string, options?: { readonly force?: boolean | undefined }): Promise<void>
}

export interface ContainerState {
  readonly id: string
  readonly status: 'creating' | 'created' | 'running' | 'stopped' | 'paused'
  readonly pid?: number
  readonly bundle: string
}

export interface ExitStatus {
  /** 0-255; a process killed by signal n has 128 + n. */
  readonly code: number
  readonly oomKilled?: boolean
}

export type RuntimeProgram = Pick<Runtime, 'name' | 'path' | 'version' | 'root'>

/** Returns a runtime for a program on this machine. */
export function openRuntime(program: RuntimeProgram): Runtime {
  const run = (...args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(runtimeCommand(program, ...args))
  return {
    name: program.name,
    path: program.path,
    version: program.version,
    root: program.root,
    async state(id) {
      const { code, stdout } = await run('state', id)
      return code === 0 ? parseState(stdout) : undefined
    },
    async kill(id, signal) {
      const { code, stderr } = await run('kill', id, signal)
      if (code !== 0) {
        throw new StrakeError('CONFLICT', `Cannot signal container ${id}: ${lastLine(stderr)}`)
      }
    },
    async delete(id, { force } = {}) {
      const { code, stderr } = await run('delete', ...(force ? ['--force'] : []), id)
      if (code !== 0 && !/does not exist|no such file/i.test(stderr)) {
        throw new StrakeError('CONFLICT', `Cannot delete container ${id}: ${lastLine(stderr)}`)
      }
    },
  }
}

/** Runtimes whose containers have a kernel of their own: their processes are not processes of this machine. */
const sandboxes: ReadonlySet<string> = new Set(['runsc', 'kata-runtime'])

/** Whether the process of a container, as this machine sees it, is a sandbox around it with another root. */
export function isSandboxed({ name }: Pick<Runtime, 'name'>): boolean {
  return sandboxes.has(name)
}

/** A command line of the runtime: `runtimeCommand(runtime, 'exec', '--process', file, id)`. */
export function runtimeCommand(
  { name, path, root }: Pick<Runtime, 'name' | 'path' | 'root'>,
  ...args: readonly string[]
): readonly [string, ...string[]] {
  // runc notices by itself that it may not make control groups.
  const groups = name === 'crun' && !ownsCgroups() ? ['--cgroup-manager=disabled'] : []
  // Else runsc keeps the changes to itself, and `diff`, `commit` and `cp` do not see them.
  const changes = name === 'runsc' ? ['--overlay2=none'] : []
  return [path, '--root', root, ...groups, ...changes, ...args]
}

/** The only environment in which a runtime is started. */
export const runtimeEnvironment: Readonly<Record<string, string>> = programEnvironment

/** Milliseconds for which a control group may still count processes that were reaped. */
const longestDying = 200

/**
 * Removes the control groups and the state directory of an ended container, as `delete`
 * does, without starting a program (25 ms with runc). When a process is left in a group,
 * it calls `delete --force`.
 */
export async function forget(
  runtime: Runtime,
  id: string,
  group: string = cgroupPath(id),
): Promise<void> {
  // Only of these two is it known that there is nothing more to remove.
  if (runtime.name !== 'crun' && runtime.name !== 'runc') await runtime.delete(id, { force: true })
  const deadline = Date.now() + longestDying
  while (!removeCgroups(group)) {
    if (Date.now() > deadline) return await runtime.delete(id, { force: true })
    await sleep(1)
  }
  removeState(`${runtime.root}/${id}`)
}

/** runc mounts itself there at its start, and leaves the mount when it is killed then. */
function removeState(directory: string): void {
  try {
    fs().rmSync(directory, { recursive: true, force: true })
  } catch (error) {
    if (!isSystemError(error, 'EBUSY')) throw error
    for (const { target } of mountsBelow(directory)) unmount(target, { detach: true })
    fs().rmSync(directory, { recursive: true, force: true })
  }
}

/** Kills and forgets a container, including one that a killed runtime has left half-started. */
export async function discard(runtime: Runtime, id: string): Promise<void> {
  await runtime.delete(id, { force: true })
  await forget(runtime, id)
}

function parseState(text: string): ContainerState | undefined {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof state !== 'object' || state === null) return undefined
  const { id, status, pid, bundle }: Partial<Record<string, unknown>> = { ...state }
  const known = statuses.find((one) => one === status)
  if (typeof id !== 'string' || known === undefined) return undefined
  return {
    id,
    status: known,
    bundle: typeof bundle === 'string' ? bundle : '',
    ...(typeof pid === 'number' && pid > 0 ? { pid } : {}),
  }
}

const statuses = ['creating', 'created', 'running', 'stopped', 'paused'] as const

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 500) ?? 'the runtime gave no reason'
}
