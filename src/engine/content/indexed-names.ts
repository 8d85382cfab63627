import { type Descriptor, encodeJson, isStrakeError, mediaType, parseIndex, parseJson } from '#oci'
import { readPlainFile } from '#platform'

/** The annotation that other tools look a name up by. */
export const nameAnnotation = 'org.opencontainers.image.ref.name'

/** An annotation of the whole index, for us alone: the descriptors that other tools do not get to see. */
export const incompleteAnnotation = 'dev.strake.incomplete'

/** A name and the manifest it means. */
export interface IndexedName {
  readonly name: string
  readonly target: Descriptor
}

/** Every name that `publishIndex` wrote down, as far as the file can be read. */
export function readNames(root: string): readonly IndexedName[] {
  const index = readJson(readPlainFile(`${root}/index.json`, largestIndex))
  const { manifests, annotations } = members(index)
  const incomplete = members(annotations)[incompleteAnnotation]
  const listed = [manifests, readJson(typeof incomplete === 'string' ? incomplete : undefined)]
  return listed.flatMap((list) => (Array.isArray(list) ? list.flatMap(readName) : []))
}

/** Bytes. A store may have more names than an index of an image may have entries. */
const largestIndex = 256 * 1024 * 1024

function readName(entry: unknown): readonly IndexedName[] {
  const index = { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests: [entry] }
  try {
    return parseIndex(encodeJson(index)).manifests.flatMap(({ annotations, ...target }) => {
      const name = annotations?.[nameAnnotation]
      return name === undefined ? [] : [{ name, target }]
    })
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return []
  }
}

function readJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJson(Buffer.from(text), 'index.json')
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
