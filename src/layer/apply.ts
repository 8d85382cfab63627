import { StrakeError } from '#oci'
import { type Bytes, createBreath, type Emit, silent } from '#stream'
import { printableName, readTar, type TarLimits } from '#tar'
import { Changeset } from './changeset.ts'
import { explained } from './refusal.ts'

export interface ApplyLayerOptions {
  /** Also sets POSIX access control lists, which images rarely mean. */
  readonly acls?: boolean
  readonly limits?: Partial<TarLimits> & {
    /** Bytes of all files together. */
    readonly totalSize?: number
  }
  /** Hears warnings: what of the layer this filesystem or user cannot have. */
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface AppliedLayer {
  /** Entries of the archive, whiteouts included. */
  readonly entries: number
  /** Bytes of contents written. */
  readonly size: number
}

const defaultTotalSize = 100 * 2 ** 30
const mostWarnings = 20

/**
 * Applies a layer's uncompressed archive to `root`, a directory that shows the
 * parent filesystem (a merged overlay mount, or a plain directory). Nothing
 * outside `root` is ever touched, whatever the archive holds and whoever else
 * changes directories in the tree meanwhile. `root` should not be reachable by
 * other users: layers bring devices and setuid files.
 *
 * The last of several entries with one path wins. Whiteouts remove what the
 * parent brought, never what this layer brings. Throws `INVALID` for a layer
 * that must not be, `UNAVAILABLE` when the disk is full; `root` is then in an
 * undefined state and to be discarded.
 *
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
export async function applyLayer(
  tar: Bytes,
  root: string,
  options: ApplyLayerOptions = {},
): Promise<AppliedLayer> {
  const { acls = false, emit = silent, signal } = options
  const { totalSize = defaultTotalSize, ...limits } = options.limits ?? {}
  let warnings = 0
  const warn = (message: string): void => {
    if (++warnings <= mostWarnings) emit({ type: 'warning', message })
  }
  let entries = 0
  let size = 0
  const spend = (count: number): void => {
    size += count
    if (size > totalSize) throw new StrakeError('INVALID', tooLarge(totalSize))
  }
  using changeset = new Changeset(root, { acls, warn, spend })
  const breath = createBreath(signal)
  for await (const entry of readTar(tar, { ...limits, warn })) {
    entries++
    try {
      await changeset.apply(entry)
    } catch (error) {
      const { path, headerOffset } = entry
      const what = `tar entry ${printableName(path)} at offset ${headerOffset}`
      throw explained(error, `Cannot apply ${what}`)
    }
    const pause = breath()
    if (pause !== undefined) await pause
  }
  changeset.finish()
  if (warnings > mostWarnings) {
    const rest = warnings - mostWarnings
    emit({ type: 'warning', message: `${rest} more entries could not be made as they are` })
  }
  return { entries, size }
}

function tooLarge(totalSize: number): string {
  return `Cannot apply layer: its files are larger than ${totalSize} bytes together`
}
