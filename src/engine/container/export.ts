import { openContainerFiles, readPresent } from '#container'
import { packTree } from '#layer'
import { writeArchive } from '../archive/output-file.ts'
import type { Engine } from '../engine.ts'
import { containerContext } from './container-context.ts'

export interface ExportOptions {
  /** The file to write. Default: standard output. */
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
  await using files = await openContainerFiles(context, name, options.signal)
  const archive = packTree(files.root, { signal: options.signal })
  await writeArchive(readPresent(context, files.container, archive), options)
}
