import { chainIds, type Digest, encodeJson, type Platform, sha256 } from '#oci'
import { hostPlatform } from '#platform'
import type { Vertex } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { copyOperation } from './copy-operation.ts'
import { execOperation } from './exec-operation.ts'
import { workdirOperation } from './file-operation.ts'
import { type Operation, sourceDigest } from './operation.ts'

/** Describes the steps of a plan as BuildKit identifies them. Each step is described once. */
export class Operations {
  readonly #images: ReadonlyMap<Digest, BaseImage>
  readonly #materials: ReadonlyMap<Digest, readonly Material[]>
  readonly #known = new Map<Digest, readonly Operation[]>()

  /** `materials` are what steps took from other machines, and grow while steps are prepared. */
  constructor(
    images: ReadonlyMap<Digest, BaseImage>,
    materials: ReadonlyMap<Digest, readonly Material[]> = new Map(),
  ) {
    this.#images = images
    this.#materials = materials
  }

  /**
   * The names of a step: several for an image, none for what has no counterpart in BuildKit. A step
   * that takes files from other machines has to be prepared.
   */
  of(vertex: Vertex): readonly Operation[] {
    const known = this.#known.get(vertex.digest) ?? this.#describe(vertex)
    this.#known.set(vertex.digest, known)
    return known
  }

  #describe(vertex: Vertex): readonly Operation[] {
    const { op, inputs } = vertex
    const [base] = inputs
    const one = (found: Operation | undefined): readonly Operation[] =>
      found === undefined ? [] : [found]
    switch (op.kind) {
      case 'scratch':
        return []
      case 'image':
        return this.#image(op.manifest, op.platform)
      case 'run':
        return one(execOperation(op, vertex, platformOf(vertex)))
      case 'workdir':
        return base === undefined ? [] : one(workdirOperation(op, base))
      default:
        return one(copyOperation(op, vertex, this.#materials.get(vertex.digest)))
    }
  }

  /** BuildKit finds an image by its manifest, and after it has read the configuration by its layers. */
  #image(manifest: Digest, { os, architecture, variant }: Platform): readonly Operation[] {
    const image = this.#images.get(manifest)
    const roots = new Set([image?.root ?? manifest, manifest])
    const keyOf = (digest: Digest): Digest =>
      sha256(encodeJson({ Digest: digest, OS: os, Arch: architecture, Variant: variant }))
    const layers = image?.layers ?? []
    const chain = chainIds(layers.map(({ diffId }) => diffId)).slice(-1)
    return [...[...roots].map(keyOf), ...chain].map((key) => ({
      digest: sourceDigest(key),
      inputs: [],
    }))
  }
}

/** The platform of a stage is that of its base image. */
function platformOf(vertex: Vertex): Platform {
  let at: Vertex | undefined = vertex
  while (at !== undefined && at.op.kind !== 'image') at = at.inputs[0]
  return at?.op.kind === 'image' ? at.op.platform : hostPlatform()
}
