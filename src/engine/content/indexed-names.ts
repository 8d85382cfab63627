import {
  type Descriptor,
  encodeJson,
  type Index,
  isStrakeError,
  mediaType,
  parseIndex,
  parseJson,
} from '#oci'
import { readPlainFile } from '#platform'

/** The annotation in which other tools look for a name. */
const nameAnnotation = 'org.opencontainers.image.ref.name'

/** An annotation of the whole index, which only strake reads: descriptors of incomplete images. */
const incompleteAnnotation = 'dev.strake.incomplete'

/** A name and the manifest or index that it points to. */
export interface IndexedName {
  readonly name: string
  readonly target: Descriptor
}

/** The names in an `index.json`. */
export interface IndexedNames {
  /** Names of images that other tools can read. */
  readonly whole: readonly IndexedName[]
  /** Names of images whose compressed layers were dropped. */
  readonly incomplete: readonly IndexedName[]
}

/** Reads the text of `index.json`; `undefined` if it is absent, not a regular file or too large. */
export function readIndexText(root: string): string | undefined {
  return readPlainFile(`${root}/index.json`, largestIndex)
}

/** Formats an `index.json` with these names. */
export function indexText({ whole, incomplete }: IndexedNames): string {
  const hidden = incomplete.map(describe)
  const index = {
    schemaVersion: 2,
    mediaType: mediaType.ociIndex,
    manifests: whole.map(describe),
    ...(hidden.length > 0 && { annotations: { [incompleteAnnotation]: JSON.stringify(hidden) } }),
  } satisfies Index
  return Buffer.from(encodeJson(index)).toString()
}

function describe({ name, target }: IndexedName): Descriptor {
  return { ...target, annotations: { [nameAnnotation]: name } }
}

/** Parses the names in the text of an index, and skips invalid entries. */
export function readNames(text: string | undefined): IndexedNames {
  const { manifests, annotations } = members(readJson(text))
  const incomplete = members(annotations)[incompleteAnnotation]
  const hidden = readJson(typeof incomplete === 'string' ? incomplete : undefined)
  return { whole: readList(manifests), incomplete: readList(hidden) }
}

function readList(list: unknown): readonly IndexedName[] {
  return Array.isArray(list) ? list.flatMap(readName) : []
}

/** In bytes. Larger than the limit for an image index, because a store may have more names. */
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
