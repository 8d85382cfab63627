import { getContainer } from '#container'
import { packTree } from '#layer'
import { writeArchive } from '../archive/output-file.ts'
import type { Engine } from '../engine.ts'
import { containerContext } from './container-context.ts'

export interface ExportOptions {
  /** Standard output without it. */
  readonly file?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Writes the whole file system of a container, running or not, as a tar archive. */
export async function exportContainer(
  engine: Engine,
  name: string,
  options: ExportOptions = {},
): Promise<void> {
  const context = await containerContext(engine)
  const { id, settings } = getContainer(context, name)
  // Of one that runs this is the very mount it has; leaving does not take it away.
  await using mounted = await context.snapshots.container(
    settings.image.chainId,
    `${engine.root}/containers/${id}`,
  )
  await writeArchive(packTree(mounted.root, { signal: options.signal }), options)
}
