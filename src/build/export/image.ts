import {
  type Annotations,
  type Descriptor,
  type Digest,
  encodeJson,
  type HistoryEntry,
  type ImageConfig,
  type Layer,
  type Manifest,
  mediaType,
  type Platform,
  type RunConfig,
  sha256,
} from '#oci'
import { fromBuffer } from '#stream'
import { type FileState, hasNewLayer } from '../model/state.ts'
import type { PlannedHistory } from '../plan/stage.ts'
import type { StepServices } from '../step/workspace.ts'
import { formatTime } from '../times/times.ts'

/** The result of a build before it is exported. */
export interface BuildState {
  readonly layers: readonly Layer[]
  readonly config: RunConfig
  readonly author?: string | undefined
  readonly history: readonly HistoryEntry[]
  readonly platform: Platform
  /** Seconds since 1970. */
  readonly created: number
  /** More members of the configuration. */
  readonly members?: Readonly<Record<string, string>> | undefined
  /** Annotations of the manifest. */
  readonly annotations?: Annotations | undefined
}

/** An image in the store. It has no name yet. */
export interface ExportedImage {
  /** The descriptor of the manifest. */
  readonly descriptor: Descriptor
  readonly manifest: Manifest
  readonly config: ImageConfig
  /** The digest of the configuration. */
  readonly imageId: Digest
  readonly layers: readonly Layer[]
}

/** Writes configuration and manifest durably. */
export async function exportImage(
  { store, lease }: Pick<StepServices, 'store' | 'lease'>,
  state: BuildState,
  signal?: AbortSignal | undefined,
): Promise<ExportedImage> {
  const options = { signal }
  const write = async (type: string, value: unknown): Promise<Descriptor> => {
    const bytes = encodeJson(value)
    const descriptor = { mediaType: type, digest: sha256(bytes), size: bytes.length }
    await lease.hold(descriptor.digest)
    await store.write(descriptor, fromBuffer(bytes), options)
    return descriptor
  }
  const layers = state.layers.map(asOciLayer)
  const config = imageConfig(state, layers)
  const configDescriptor = await write(mediaType.ociConfig, config)
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config: configDescriptor,
    layers: layers.map((layer) => layer.descriptor),
    ...(state.annotations !== undefined && { annotations: state.annotations }),
  }
  const descriptor = await write(mediaType.ociManifest, manifest)
  return { descriptor, manifest, config, imageId: configDescriptor.digest, layers }
}

function imageConfig(state: BuildState, layers: readonly Layer[]): ImageConfig {
  const { architecture, os, variant } = state.platform
  const osVersion = state.platform['os.version']
  return {
    created: formatTime(state.created),
    ...(state.author !== undefined && { author: state.author }),
    architecture,
    os,
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { 'os.version': osVersion }),
    config: state.config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: state.history,
    ...state.members,
  }
}

/**
 * Returns the history of the image: the planned lines with the time of the build.
 * Lines of steps without a layer have `empty_layer`.
 */
export function finishHistory(
  planned: readonly PlannedHistory[],
  states: ReadonlyMap<Digest, FileState>,
  created: number,
): HistoryEntry[] {
  return planned.map(({ entry, vertex, isInherited }) => {
    if (isInherited) return entry
    const timed = { created: formatTime(created), ...entry }
    if (vertex === undefined) return timed
    const after = states.get(vertex.digest)
    const [input] = vertex.inputs
    const before = input === undefined ? undefined : states.get(input.digest)
    if (after === undefined || before === undefined) return timed
    return hasNewLayer(before, after) ? timed : { ...timed, empty_layer: true }
  })
}

/** The OCI media types that replace media types of Docker. */
const ociTypes: Readonly<Record<string, string>> = {
  [mediaType.dockerLayer]: mediaType.ociLayer,
  [mediaType.dockerLayerGzip]: mediaType.ociLayerGzip,
}

function asOciLayer({ descriptor, diffId }: Layer): Layer {
  const type = ociTypes[descriptor.mediaType]
  return {
    diffId,
    descriptor: type === undefined ? descriptor : { ...descriptor, mediaType: type },
  }
}
