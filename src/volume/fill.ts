import { StrakeError } from '#oci'
import { copyDirectoryStatus, lockDirectory, removeTree, runCommand, treeCalls } from '#platform'

/**
 * Directories beside `_data` that no container sees: an unfinished copy, and a complete one that is
 * moved into `_data`.
 */
const [copying, ready] = ['copying', 'ready']

export interface FillOptions {
  /** The volume's directory, with `_data` in it. */
  readonly volume: string
  /**
   * Descriptor of the directory in the image. With a path, a link in the image could lead to
   * another directory.
   */
  readonly source: number
  /** For messages. */
  readonly name: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies the files that the image has at the volume's destination into an empty volume, with
 * owners, modes, times, links and attributes.
 *
 * A running container may share the volume and may replace any name in it with a link at any
 * moment, so this never writes below `_data` by path. It copies to a directory that no container
 * sees, and then renames the top entries into `_data`, which it holds open. A name that a container
 * has created stays. Two containers that start at the same time fill the volume once. After a
 * crash, the next call continues with a complete copy, and drops an incomplete one.
 */
export async function fillVolume(options: FillOptions): Promise<void> {
  const { volume, signal } = options
  using _lock = await lockDirectory(volume, signal)
  const data = treeCalls.openRoot(`${volume}/_data`)
  try {
    const place = treeCalls.openRoot(volume)
    try {
      treeCalls.removeTree(place, Buffer.from(copying))
      const isInterrupted = treeCalls.entryStatus(place, Buffer.from(ready)) !== undefined
      if (!isInterrupted) {
        if (treeCalls.listDirectory(data).length > 0) return
        await copy(options)
        treeCalls.moveEntry(
          { dir: place, name: Buffer.from(copying) },
          { dir: place, name: Buffer.from(ready) },
        )
      }
      copyDirectoryStatus(`${volume}/${ready}`, `${volume}/_data`)
      moveIn(`${volume}/${ready}`, data)
    } finally {
      treeCalls.closeDescriptor(place)
    }
  } finally {
    treeCalls.closeDescriptor(data)
  }
  await removeTree(`${volume}/${ready}`)
}

async function copy({ volume, source, name, signal }: FillOptions): Promise<void> {
  const from = `/proc/${process.pid}/fd/${source}/.`
  const command = ['cp', '-a', '--', from, `${volume}/${copying}`]
  const { code, stderr } = await runCommand(command, { signal })
  if (code === 0) return
  throw new StrakeError(
    'INTERNAL',
    `Cannot fill volume ${name} from the image: ${stderr.trim().split('\n')[0]}`,
  )
}

function moveIn(from: string, data: number): void {
  const dir = treeCalls.openRoot(from)
  try {
    const status = treeCalls.entryStatus(dir)
    for (const { name } of treeCalls.listDirectory(dir)) {
      treeCalls.moveEntry({ dir, name }, { dir: data, name })
    }
    // The renames have changed the time of the directory.
    if (status !== undefined) treeCalls.setTime(data, status.mtime, status.mtimeNanoseconds)
  } finally {
    treeCalls.closeDescriptor(dir)
  }
}
