import type { ContentSource } from '#content'
import { compareNames } from '#tar'
import type { Image } from '../image.ts'
import { compareDocuments } from './compare-documents.ts'
import { compareFacts, type Facts, type ImageDifference } from './difference.ts'
import { listLayers } from './list-layers.ts'

/**
 * Returns what differs between two images: files with their attributes, in the order of paths, then
 * the configuration and the annotations. Without a difference the images are the same, whatever
 * compression their layers have. Layers that both have are not read.
 */
export async function compareImages(
  source: ContentSource,
  before: Image,
  after: Image,
  signal?: AbortSignal | undefined,
): Promise<readonly ImageDifference[]> {
  const files = await compareLayers(source, before, after, signal)
  const documents = [
    ...compareDocuments('config', configOf(before), configOf(after)),
    ...compareDocuments('manifest', annotationsOf(before), annotationsOf(after)),
  ]
  // Layers with the same entries may have them in another order.
  const layers =
    files.length > 0 ? [] : compareDocuments('config', layersOf(before), layersOf(after))
  return [...files, ...documents, ...layers]
}

/** Reads the configuration from its bytes, because the parsed one has only the members that strake knows. */
function configOf({ configRaw }: Image): unknown {
  const { rootfs: _, ...rest } = JSON.parse(Buffer.from(configRaw).toString())
  return rest
}

function layersOf({ config }: Image): unknown {
  return { rootfs: config.rootfs }
}

function annotationsOf({ manifest }: Image): unknown {
  return manifest.annotations === undefined ? {} : { annotations: manifest.annotations }
}

async function compareLayers(
  source: ContentSource,
  before: Image,
  after: Image,
  signal: AbortSignal | undefined,
): Promise<readonly ImageDifference[]> {
  let common = 0
  while (
    before.layers[common] !== undefined &&
    before.layers[common]?.diffId === after.layers[common]?.diffId
  ) {
    common++
  }
  const then = await listLayers(source, before.layers.slice(common), signal)
  const now = await listLayers(source, after.layers.slice(common), signal)
  const paths = [...new Set([...then.files.keys(), ...now.files.keys()])].sort(compareNames)
  return paths.flatMap((path) => compareFiles(path, then.files.get(path), now.files.get(path)))
}

function compareFiles(
  path: string,
  before: Facts | undefined,
  after: Facts | undefined,
): readonly ImageDifference[] {
  const shown = `/${path}`
  if (before !== undefined && after !== undefined) {
    return compareFacts('file', shown, before, after)
  }
  const [then, now] = [before?.['type'], after?.['type']]
  return [{ part: 'file', path: shown, attribute: 'existence', before: then, after: now }]
}
