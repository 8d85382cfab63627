import { posix } from 'node:path'
import { isStrakeError } from '#oci'
import { StartError } from '../failure.ts'
import { type ContainerView, isDirectory, isRegularFile, type Place } from './container-view.ts'
import { type Program, readProgram } from './program.ts'
import type { ResolvedUser } from './user.ts'

/** The process to start. */
export interface CheckedProcess {
  readonly args: readonly string[]
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: Pick<ResolvedUser, 'uid' | 'gid'> & { readonly additionalGids?: readonly number[] }
}

/**
 * Throws `StartError` when the kernel would not execute the command: 127 when the command or its
 * interpreter is missing, 126 when it is not a program or may not be executed. The messages of
 * runtimes differ between versions, and some runtimes print them only as output of a container that
 * has started. When the files are not conclusive, this returns and the runtime tries. `what` names
 * the process in messages; default: the container.
 */
export function checkCommand(view: ContainerView, process: CheckedProcess, what?: string): void {
  const [command = ''] = process.args
  try {
    if (command === '') throw new StartError(127, 'the command is empty')
    const path = command.includes('/') ? command : findInPath(view, process, command)
    if (path !== undefined) checkProgram(view, process, { command, path, depth: 0 })
  } catch (error) {
    if (what === undefined || !(error instanceof StartError)) throw error
    throw StartError.from(error.exitCode, error.message, what)
  }
}

/** Returns the path of the command; `undefined` when the files are not conclusive. */
function findInPath(
  view: ContainerView,
  { env, cwd, user }: CheckedProcess,
  command: string,
): string | undefined {
  const list = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length)
  if (list === undefined) return undefined
  let isSure = true
  for (const directory of list.split(':')) {
    const place = find(view, posix.resolve(cwd, directory, command))
    if (place === undefined) continue
    if (place.status === undefined) isSure = false
    else if (isRegularFile(place) && mayExecute(place, user) && directory.startsWith('/')) {
      return place.path
    }
  }
  if (!isSure) return undefined
  throw new StartError(127, `${command}: executable file not found in $PATH`)
}

interface Checked {
  /** For messages. */
  readonly command: string
  readonly path: string
  /** The number of interpreters before this program. */
  readonly depth: number
}

/** The kernel follows at most this many interpreters of interpreters. */
const mostInterpreters = 5

function checkProgram(view: ContainerView, process: CheckedProcess, checked: Checked): void {
  const { command, path, depth } = checked
  const what = depth === 0 ? command : `${command}: its interpreter ${path}`
  const place = find(view, posix.resolve(process.cwd, path))
  if (place === undefined)
    throw new StartError(127, `${what}: no such file or directory in the image`)
  if (place.fd === undefined) return
  if (isDirectory(place)) throw new StartError(126, `${what}: it is a directory: permission denied`)
  if (!isRegularFile(place) || !mayExecute(place, process.user)) {
    throw new StartError(126, `${what}: permission denied`)
  }
  const program = readProgram(place.fd)
  if (program === undefined) return
  if (program.kind === 'unknown' || depth === mostInterpreters) {
    throw new StartError(126, `${what}: ${refusalOf(program)}`)
  }
  if (program.interpreter === undefined) return
  checkProgram(view, process, { command, path: program.interpreter, depth: depth + 1 })
}

/** The advice is in the sentence, because the sentence alone travels between processes. */
function refusalOf({ architecture }: Program): string {
  if (architecture === undefined) return 'it is not a program this machine can execute'
  return `it is a program for ${architecture}, and this machine has no emulator for ${architecture}: install the packages qemu-user-static and binfmt-support`
}

/** A path through a file or through a loop of links counts as missing. */
function find(view: ContainerView, path: string): Place | undefined {
  try {
    return view.find(path)
  } catch (error) {
    if (isStrakeError(error, 'INVALID')) return undefined
    throw error
  }
}

/** Checks only the permission bits; the kernel also checks access lists. */
function mayExecute({ status }: Place, { uid, gid, additionalGids = [] }: CheckedProcess['user']) {
  const mode = status?.mode ?? 0
  if (uid === 0 || uid === status?.uid) return (mode & (uid === 0 ? 0o111 : 0o100)) !== 0
  const isInGroup = [gid, ...additionalGids].some((one) => one === status?.gid)
  return (mode & (isInGroup ? 0o010 : 0o001)) !== 0
}
