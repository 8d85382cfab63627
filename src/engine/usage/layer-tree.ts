import { chainIds, type Digest, isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import { familiarNames, getImage } from '../image/find-image.ts'
import { layerSize } from '../image/record-image.ts'

/** The file system that a layer results in, and those that other layers above it result in. */
export interface LayerNode {
  readonly chainId: Digest
  /** Bytes of the layer, uncompressed if that size is known. */
  readonly size: number
  /** Names of the images that end with this layer, in familiar form. */
  readonly topOf: readonly string[]
  readonly children: readonly LayerNode[]
}

export interface LayerTree {
  readonly imageId: Digest
  readonly names: readonly string[]
  /** Bytes of all layers of the image. */
  readonly size: number
  readonly layers: readonly LayerNode[]
}

export interface LayerTreeOptions {
  /** Shows the layers that other images have above those of the image. Default: its own layers, in a row. */
  readonly whatRequires?: boolean | undefined
}

/** Returns the layers of an image, lowest first. Throws `NOT_FOUND`. */
export async function layerTree(
  engine: Engine,
  name: string,
  { whatRequires = false }: LayerTreeOptions = {},
): Promise<LayerTree> {
  const { image } = getImage(engine.records, name)
  const stacks = await readStacks(engine)
  const own = stacks.find(({ imageId }) => imageId === image.imageId)
  const layers = own?.layers ?? (await readStack(engine, image)).layers
  const top = layers.at(-1)
  const row = layers.map((layer) => ({ ...layer, topOf: namesAt(stacks, layer), children: [] }))
  return {
    imageId: image.imageId,
    names: familiarNames(engine.records, image.digest),
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers: whatRequires && top !== undefined ? [nodeOf(stacks, top, layers.length - 1)] : row,
  }
}

type OwnLayer = Pick<LayerNode, 'chainId' | 'size'>

/** The layers of one image, lowest first. */
interface Stack {
  readonly imageId: Digest
  readonly names: readonly string[]
  readonly layers: readonly OwnLayer[]
}

/** Leaves out images that cannot be read. */
async function readStacks(engine: Engine): Promise<readonly Stack[]> {
  const stacks: Stack[] = []
  for (const image of engine.records.images.list()) {
    try {
      stacks.push(await readStack(engine, image))
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
  }
  return stacks
}

async function readStack(
  engine: Engine,
  image: Parameters<Engine['openImage']>[0],
): Promise<Stack> {
  const { layers, imageId } = await engine.openImage(image)
  const chains = chainIds(layers.map(({ diffId }) => diffId))
  return {
    imageId,
    names: familiarNames(engine.records, image.digest),
    layers: layers.flatMap((layer, index) => {
      const chainId = chains[index]
      return chainId === undefined ? [] : { chainId, size: layerSize(engine, layer) }
    }),
  }
}

function namesAt(stacks: readonly Stack[], { chainId }: OwnLayer): readonly string[] {
  const ending = stacks.filter(({ layers }) => layers.at(-1)?.chainId === chainId)
  return ending.flatMap(({ names }) => names).sort()
}

/** `depth` is the place of the layer in every stack that has it. */
function nodeOf(stacks: readonly Stack[], layer: OwnLayer, depth: number): LayerNode {
  const above = stacks.filter(({ layers }) => layers[depth]?.chainId === layer.chainId)
  const next = new Map<Digest, OwnLayer>()
  for (const { layers } of above) {
    const child = layers[depth + 1]
    if (child !== undefined) next.set(child.chainId, child)
  }
  return {
    ...layer,
    topOf: namesAt(stacks, layer),
    children: [...next.values()].map((child) => nodeOf(above, child, depth + 1)),
  }
}
