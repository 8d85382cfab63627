import { containerEvent, openContainerFiles, readPresent } from '#container'
import { packTree } from '#layer'
import type { Bytes } from '#stream'
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
  await writeArchive(exportBytes(engine, name, options.signal), options)
}

/** Like `exportContainer`, for a caller that reads the archive itself. */
export async function* exportBytes(engine: Engine, name: string, signal?: AbortSignal): Bytes {
  const context = await containerContext(engine)
  await using files = await openContainerFiles(context, name, signal)
  await engine.records.events.note(containerEvent(files.container, 'export'))
  yield* readPresent(context, files.container, packTree(files.root, { signal }))
}
