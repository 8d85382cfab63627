import { StrakeError } from '#oci'
import { type Bytes, createBreath, type Emit, silent } from '#stream'
import { printableName, readTar, type TarLimits } from '#tar'
import { Changeset } from './changeset.ts'
import { explained } from './refusal.ts'

export interface ApplyLayerOptions {
  /** Also sets POSIX access control lists, which images rarely contain on purpose. */
  readonly acls?: boolean | undefined
  readonly limits?:
    | (Partial<TarLimits> & {
        /** Bytes of all files together. */
        readonly totalSize?: number | undefined
      })
    | undefined
  /** Receives warnings about entries that this filesystem or user cannot reproduce. */
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
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
 * Applies a layer's uncompressed archive to `root`, a directory that shows the parent filesystem (a
 * merged overlay mount, or a plain directory). Never touches a file outside `root`, whatever the
 * archive contains and even if another process changes the tree at the same time. Other users must
 * not be able to reach `root`: layers contain devices and setuid files.
 *
 * When several entries have one path, the last one counts. Whiteouts remove entries of the parent
 * filesystem, never entries of this layer. Throws `INVALID` for a layer that is refused, and
 * `UNAVAILABLE` when the disk is full; the caller must then discard `root`.
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
    emit({ type: 'warning', message: `${rest} more entries were not applied exactly` })
  }
  return { entries, size }
}

function tooLarge(totalSize: number): string {
  return `Cannot apply layer: its files are larger than ${totalSize} bytes together`
}
