import { StrakeError } from '#oci'
import {
  type ChildProcess,
  findProgram,
  identifyProcess,
  processIds,
  programEnvironment,
  readPlainFile,
  readSmallFile,
  runCommand,
  sleep,
  spawnProcess,
} from '#platform'
import { type Holder, isIn, type Namespaces, namespacesOf } from './holder.ts'
import { type IdRange, mapWords, rangesOf, userNameIn } from './id-ranges.ts'

/** Milliseconds for which the kernel may take to make a namespace. */
const patience = 5000

/** What keeps a namespace: a program of every machine, which uses 2 MB and no processor time. */
const pause = ['sleep', 'infinity']

/**
 * Makes a user namespace with the IDs of `/etc/subuid` and `/etc/subgid` and a mount namespace in it,
 * and starts the process that keeps them. Throws `UNSUPPORTED` where a part of the machine is missing.
 */
export async function makeHolder(uid: number, gid: number): Promise<Holder> {
  const maps = findMaps(uid, gid)
  const unshare = [programPath('unshare'), '--user', '--mount', '--propagation', 'slave']
  const child = start([...unshare, ...pause])
  try {
    const holder = await whenReady(child)
    for (const [program, words] of maps) {
      const { code, stderr } = await runCommand([program, String(child.pid), ...words])
      if (code !== 0) throw missing(stderr.trim().split('\n')[0]?.slice(0, 300) ?? program)
    }
    child.unref()
    return holder
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/**
 * Starts another process that keeps the namespaces of a holder that was killed, from a process that is
 * still in them: the monitor of a container. Returns `undefined` when there is none.
 */
export async function replaceHolder({ namespaces }: Holder): Promise<Holder | undefined> {
  const survivor = survivorIn(namespaces)
  if (survivor === undefined) return undefined
  const child = start([...enterWords(survivor), ...pause])
  try {
    const holder = await whenReady(child)
    child.unref()
    return holder
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** The beginning of a command line that runs a program in the namespaces of a process. */
export function enterWords(pid: number): readonly [string, ...string[]] {
  const which = ['--target', String(pid), '--user', '--mount', '--preserve-credentials']
  return [programPath('nsenter'), ...which, '--']
}

function start(words: readonly string[]): ChildProcess {
  return spawnProcess(words, { env: programEnvironment, ownSession: true, cwd: '/' })
}

/** Waits until the program that made or entered the namespaces has become the one that keeps them. */
async function whenReady(child: ChildProcess): Promise<Holder> {
  let hasEnded = false
  void child.exited.then(() => {
    hasEnded = true
  })
  const own = namespacesOf(process.pid)
  const deadline = performance.now() + patience
  while (!hasEnded && performance.now() < deadline) {
    const identity = identifyProcess(child.pid)
    const namespaces = namespacesOf(child.pid)
    const isPause = readSmallFile(`/proc/${child.pid}/comm`)?.trim() === pause[0]
    if (isPause && identity !== undefined && namespaces !== undefined) {
      if (namespaces.user !== own?.user) return { process: identity, namespaces }
    }
    await sleep(1)
  }
  throw missing('the kernel lets this user make no user namespace')
}

function survivorIn(namespaces: Namespaces): number | undefined {
  return processIds().find((pid) => isIn(pid, namespaces))
}

type Map = readonly [program: string, words: readonly string[]]

function findMaps(uid: number, gid: number): readonly Map[] {
  const owner = { uid, name: nameOf(uid) }
  const ranges = (file: string): readonly IdRange[] => {
    const found = rangesOf(readPlainFile(file) ?? '', owner)
    if (found.length > 0) return found
    throw missing(`${file} has no IDs for user ${owner.name ?? uid}`)
  }
  return [
    [programPath('newuidmap'), mapWords(uid, ranges('/etc/subuid'))],
    [programPath('newgidmap'), mapWords(gid, ranges('/etc/subgid'))],
  ]
}

/** Bun takes the name of the user from `USER`, which may be absent or that of another user. */
function nameOf(uid: number): string | undefined {
  const known = userNameIn(readPlainFile('/etc/passwd') ?? '', uid)
  // Users of a directory service have no line in the file.
  return known ?? process.env['USER']
}

const packages: Readonly<Record<string, string>> = {
  newuidmap: 'uidmap',
  newgidmap: 'uidmap',
  unshare: 'util-linux',
  nsenter: 'util-linux',
}

function programPath(name: string): string {
  const path = findProgram(name, programEnvironment['PATH'] ?? '')
  if (path === undefined) throw missing(`${name} of the package ${packages[name]} is not installed`)
  return path
}

function missing(reason: string): StrakeError {
  return new StrakeError('UNSUPPORTED', `Cannot make a namespace for this user: ${reason}`)
}
