import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { type Descriptor, encodeJson, mediaType } from '#oci'
import { isSystemError } from '#platform'
import type { Records } from '#records'

/** The annotation that other tools look a name up by. */
const nameAnnotation = 'org.opencontainers.image.ref.name'

/**
 * Writes `index.json` again, so that other tools find every name in the store.
 * Names are read and the file is replaced under the write lock of the records:
 * of two processes the later one has seen everything.
 */
export function publishIndex({ root, records }: { root: string; records: Records }): void {
  records.transaction(() => {
    const manifests = records.tags
      .list()
      .map(
        ({ name, target }): Descriptor => ({ ...target, annotations: { [nameAnnotation]: name } }),
      )
    replaceFile(
      `${root}/index.json`,
      encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }),
    )
  })
  records.keepRoom()
}

/**
 * `publishIndex` for removals, which must work on a full disk too. False when
 * there was no room; then call it again after space was freed.
 */
export function tryPublishIndex(engine: { root: string; records: Records }): boolean {
  try {
    publishIndex(engine)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return false
    throw error
  }
}

/**
 * Synchronous, because a transaction must not await. Its lock keeps others out,
 * so the temporary file can have one name: what a crash leaves, the next one takes.
 */
function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  const fd = openSync(temporary, 'w', 0o644)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
}
