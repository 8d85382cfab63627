import { StrakeError } from '#oci'
import type { Bytes } from '#stream'
import { contentsOf, listDirectory } from '../files/file-tree.ts'
import type { LayerFile } from '../files/layer-files.ts'
import { mostText, readFileOf, readText } from '../files/read-file.ts'
import type { FilePlace } from '../place.ts'
import { readTree } from './images.ts'
import type { Source } from './source.ts'

/** A directory, or a file with its text. */
export interface ShownFiles {
  readonly name: string
  readonly reference: string
  readonly path: string
  /** Present if an index chose the image. */
  readonly platform?: string | undefined
  /** Absent for the root. */
  readonly file?: LayerFile | undefined
  /** Present for a directory. */
  readonly entries?: readonly LayerFile[] | undefined
  /** How many entries the pages up to this one show, if there are more. */
  readonly next?: number | undefined
  /** Present for a file of text. */
  readonly text?: string | undefined
  readonly isCut?: boolean | undefined
}

const pageSize = 500

/** Returns what is at a path of an image or layer. Throws `NOT_FOUND`. */
export async function showFiles(source: Source, place: FilePlace): Promise<ShownFiles> {
  const { name, reference, path, skip = 0 } = place
  const { tree, platform } = await readTree(source, name, reference)
  const common = { name, reference, path, platform }
  const file = tree.get(path)
  if (path === '' || file?.type === 'directory') {
    const all = listDirectory(tree, path)
    const end = skip + pageSize
    const next = all.length > end ? end : undefined
    return { ...common, file, entries: all.slice(skip, end), next }
  }
  if (file === undefined) throw unknown(place)
  const contents = contentsOf(file)
  if (contents?.type !== 'file') return { ...common, file }
  const repository = source.registry.repository(name)
  const text = await source.layers.inTurn(() =>
    readText(readFileOf(repository, contents, source.signal)),
  )
  return { ...common, file, text, isCut: text !== undefined && contents.size > mostText }
}

/** Opens the contents of one file. Throws `NOT_FOUND`. */
export async function openContents(
  source: Source,
  place: FilePlace,
): Promise<{ readonly file: LayerFile; readonly bytes: Bytes }> {
  const { name, reference, path } = place
  const { tree } = await readTree(source, name, reference)
  const file = tree.get(path)
  const contents = file && contentsOf(file)
  if (file === undefined || contents?.type !== 'file') throw unknown(place)
  const bytes = readFileOf(source.registry.repository(name), contents, source.signal)
  return { file: { ...file, size: contents.size }, bytes }
}

function unknown({ name, reference }: FilePlace): StrakeError {
  return new StrakeError(
    'NOT_FOUND',
    `Cannot show this file: ${name} ${reference} does not have it`,
  )
}
