import type { Digest } from '#oci'
import { makeDirectory, removeTree, renamePath, syncDirectory } from '#platform'
import type { Bytes } from '#stream'
import { ownedName } from '../../chain/owner-name.ts'
import type { ErofsStore } from '../import-layer.ts'
import { StagedLayer } from '../stage-layer.ts'

/**
 * Replaces the stored archive of a layer with the one from `archiveOf`. Returns false when there is
 * none. Throws `ContentMismatchError`, and changes nothing, when the new one does not match
 * `diffId`.
 */
export async function replaceArchive(
  { chains, layers }: ErofsStore,
  diffId: Digest,
  archiveOf: (diffId: Digest) => Promise<string | Bytes | undefined>,
): Promise<boolean> {
  const tar = await archiveOf(diffId)
  if (tar === undefined) return false
  const staging = chains.staging(ownedName('active'))
  makeDirectory(staging, 0o700)
  try {
    await using staged = new StagedLayer(`${staging}/layer`, { diffId, tar }, { isProved: false })
    for await (const _ of staged.bytes);
    await staged.finish(0)
    const parent = `${chains.root}/layers`
    makeDirectory(parent, 0o700)
    makeDirectory(layers.folder(diffId), 0o700)
    await removeTree(layers.archive(diffId))
    renamePath(`${staged.folder}/layer.tar`, layers.archive(diffId))
    await syncDirectory(layers.folder(diffId))
    await syncDirectory(parent)
    layers.markProved(diffId)
    return true
  } finally {
    await removeTree(staging)
  }
}
