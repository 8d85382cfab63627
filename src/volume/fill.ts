import { StrakeError } from '#oci'
import { at, copyDirectoryStatus, lockDirectory, removeTree, runCommand } from '#platform'

/** Directories beside `_data` that no container sees: an unfinished copy, and a whole one that is moved in. */
const [copying, ready] = ['copying', 'ready']

export interface FillOptions {
  /** The volume's directory, with `_data` in it. */
  readonly volume: string
  /** Descriptor of the directory in the image. By path, a link of the image could choose another one. */
  readonly source: number
  /** For messages. */
  readonly name: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Fills a volume that is still empty with what the image has in its place:
 * owners, modes, times, links and attributes included.
 *
 * A running container may share the volume and may replace any name in it by a
 * link at any moment, so nothing is ever written below `_data`. The copy is made
 * in a directory that no container sees, and its top entries are then renamed
 * into `_data`, which is held open. A name that a container has made meanwhile
 * stays as it is. Two containers that start at once fill the volume once. After
 * a crash, the next call goes on with a copy that is whole and drops another.
 */
export async function fillVolume(options: FillOptions): Promise<void> {
  const { volume, signal } = options
  using _lock = await lockDirectory(volume, signal)
  const data = at.openRoot(`${volume}/_data`)
  try {
    const place = at.openRoot(volume)
    try {
      at.removeTree(place, Buffer.from(copying))
      const isInterrupted = at.entryStatus(place, Buffer.from(ready)) !== undefined
      if (!isInterrupted) {
        if (at.listDirectory(data).length > 0) return
        await copy(options)
        at.moveEntry(
          { dir: place, name: Buffer.from(copying) },
          { dir: place, name: Buffer.from(ready) },
        )
      }
      copyDirectoryStatus(`${volume}/${ready}`, `${volume}/_data`)
      moveIn(`${volume}/${ready}`, data)
    } finally {
      at.closeDescriptor(place)
    }
  } finally {
    at.closeDescriptor(data)
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
  const dir = at.openRoot(from)
  try {
    const status = at.entryStatus(dir)
    for (const { name } of at.listDirectory(dir)) {
      at.moveEntry({ dir, name }, { dir: data, name })
    }
    // Moving names in changed the time of the directory.
    if (status !== undefined) at.setTime(data, status.mtime, status.mtimeNanoseconds)
  } finally {
    at.closeDescriptor(dir)
  }
}
