import { diffUpper } from '#layer'
import { removeFile, writeAll } from '#platform'
import { hashed } from '#stream'
import type { LayerSource } from '../chain/snapshotter.ts'

/**
 * The changes in an upper directory as a layer's archive, kept beside it for as
 * long as the scope lasts. Nothing may write there any more.
 */
export async function packUpper(
  upper: string,
): Promise<{ readonly layer: Omit<LayerSource, 'chainId'> } & AsyncDisposable> {
  const { open } = process.getBuiltinModule('node:fs/promises')
  const tar = `${upper}.tar`
  const file = await open(tar, 'wx', 0o444)
  let diffId: LayerSource['diffId'] | undefined
  try {
    const bytes = diffUpper(upper, { includeRoot: true, subsecond: true })
    for await (const chunk of hashed(bytes, ({ digest }) => (diffId = digest))) {
      await writeAll(file, chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (diffId === undefined) throw new RangeError('the archive has no digest')
  return {
    layer: { diffId, tar },
    [Symbol.asyncDispose]: async () => {
      removeFile(tar)
    },
  }
}
