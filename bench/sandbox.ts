import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

export interface Sandbox {
  /** The root file system for the command. Default: that of this machine. */
  readonly root?: string
  /** A directory for the stores. Default: memory. */
  readonly disk?: string
}

/**
 * Runs a command in namespaces of its own and returns its exit code. `{store}` in `argv`
 * becomes the directory for stores. Its processes, mounts and files are removed, also when
 * it fails or Ctrl-C ends it.
 */
export async function enter(sandbox: Sandbox, argv: readonly string[]): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'strake-bench-'))
  const script = resolve(import.meta.dir, 'sandbox.sh')
  const repository = resolve(import.meta.dir, '..')
  const command = argv.map((word) => word.replace('{store}', join(directory, 'store')))
  // Ctrl-C reaches the command itself. This process ignores it, to clean up afterwards.
  const wait = (): void => {}
  process.on('SIGINT', wait)
  try {
    const child = Bun.spawn(
      ['sh', script, directory, sandbox.root ?? '', sandbox.disk ?? '', repository, ...command],
      { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' },
    )
    const stop = (): void => child.kill('SIGKILL')
    process.on('SIGTERM', stop)
    const exitCode = await child.exited
    process.off('SIGTERM', stop)
    return exitCode
  } finally {
    await removeCgroups(basename(directory))
    await rm(directory, { recursive: true, force: true })
    process.off('SIGINT', wait)
  }
}

/** Removes the cgroup `name` of every hierarchy, with groups of containers below it. */
async function removeCgroups(name: string): Promise<void> {
  const top = '/sys/fs/cgroup'
  const hierarchies = [top, ...(await readdir(top)).map((entry) => join(top, entry))]
  for (const hierarchy of hierarchies) {
    const cgroup = join(hierarchy, name)
    if (existsSync(cgroup)) await removeCgroup(cgroup)
  }
}

async function removeCgroup(cgroup: string): Promise<void> {
  for (const entry of await readdir(cgroup, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeCgroup(join(cgroup, entry.name))
  }
  // The processes of a killed sandbox take a moment to end.
  const deadline = Date.now() + 10_000
  while (existsSync(cgroup)) {
    await rmdir(cgroup).catch((error: unknown) => {
      if (Date.now() > deadline) throw error
    })
    await Bun.sleep(20)
  }
}
