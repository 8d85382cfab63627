import type { Descriptor } from './descriptor.ts'
import type { Digest } from './digest.ts'
import { StrakeError } from './error.ts'
import { type Document, Fields, optional } from './fields.ts'
import { parseJson } from './json.ts'
import { limits } from './limits.ts'
import type { Manifest } from './manifest.ts'

/**
 * The image configuration, in the spelling of the specification. Fields of Docker (`Healthcheck`,
 * `Shell`, `OnBuild`) are kept in OCI images too.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
 */
export interface ImageConfig {
  readonly created?: string
  readonly author?: string
  readonly architecture: string
  readonly os: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
  readonly config?: RunConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] }
  readonly history?: readonly HistoryEntry[]
}

/** How to run a container of the image. */
export interface RunConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
  readonly ArgsEscaped?: boolean
  readonly Healthcheck?: Healthcheck
  readonly Shell?: readonly string[]
  readonly OnBuild?: readonly string[]
}

/** Durations are nanoseconds; 0 or absent means inherit. */
export interface Healthcheck {
  /** `['NONE']`, `['CMD', ...argv]` or `['CMD-SHELL', text]`. */
  readonly Test?: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  readonly empty_layer?: boolean
}

/** One layer of an image: the stored blob, and the digest of its uncompressed archive. */
export interface Layer {
  readonly descriptor: Descriptor
  readonly diffId: Digest
}

const document: Document = { what: 'image configuration', code: 'MANIFEST_INVALID' }
const names = {
  image: [
    'created',
    'author',
    'architecture',
    'os',
    'variant',
    'os.version',
    'os.features',
    'config',
    'rootfs',
    'history',
  ],
  run: [
    'User',
    'ExposedPorts',
    'Env',
    'Entrypoint',
    'Cmd',
    'Volumes',
    'WorkingDir',
    'Labels',
    'StopSignal',
    'ArgsEscaped',
    'Healthcheck',
    'Shell',
    'OnBuild',
  ],
  healthcheck: ['Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'],
  history: ['created', 'created_by', 'author', 'comment', 'empty_layer'],
  rootfs: ['type', 'diff_ids'],
}

/**
 * Reads an image configuration of Docker or OCI. A history must describe as many layers as there
 * are diff IDs. Drops fields that neither specification defines. Throws `MANIFEST_INVALID`.
 */
export function parseConfig(raw: Uint8Array): ImageConfig {
  if (raw.length > limits.configSize) {
    const reason = `it has ${raw.length} bytes, more than ${limits.configSize}`
    throw new StrakeError(document.code, `Cannot read ${document.what}: ${reason}`)
  }
  const fields = new Fields(parseJson(raw, document.what, document.code), names.image, document)
  const rootfs = readRootfs(fields)
  const history = fields.items('history', readHistory)
  const described = history?.filter((entry) => entry.empty_layer !== true).length ?? 0
  if (history !== undefined && history.length > 0 && described !== rootfs.diff_ids.length) {
    throw fields.fail(
      `its history describes ${described} layers, but rootfs.diff_ids has ${rootfs.diff_ids.length}`,
    )
  }
  return {
    ...optional('created', fields.string('created')),
    ...optional('author', fields.string('author')),
    architecture: fields.required('architecture', fields.string('architecture')),
    os: fields.required('os', fields.string('os')),
    ...optional('variant', fields.string('variant')),
    ...optional('os.version', fields.string('os.version')),
    ...optional('os.features', fields.strings('os.features')),
    ...optional('config', readRunConfig(fields.object('config', names.run))),
    rootfs,
    ...optional('history', history),
  }
}

/**
 * Returns the layers of an image, bottom first, each with its diff ID. Throws `MANIFEST_INVALID`
 * when manifest and configuration have different numbers of layers, because then the diff IDs
 * cannot be assigned.
 */
export function layersOf(manifest: Manifest, config: ImageConfig): Layer[] {
  const diffIds = config.rootfs.diff_ids
  if (manifest.layers.length !== diffIds.length) {
    const reason = `the manifest has ${manifest.layers.length} layers, the configuration ${diffIds.length}`
    throw new StrakeError('MANIFEST_INVALID', `Cannot use image: ${reason}`)
  }
  return manifest.layers.flatMap((descriptor, index) => {
    const diffId = diffIds[index]
    return diffId === undefined ? [] : [{ descriptor, diffId }]
  })
}

function readRootfs(image: Fields): ImageConfig['rootfs'] {
  const rootfs = image.required('rootfs', image.object('rootfs', names.rootfs))
  const type = rootfs.string('type') ?? 'layers'
  if (type !== 'layers') throw rootfs.fail(`rootfs.type is ${JSON.stringify(type)}, not "layers"`)
  return { type, diff_ids: rootfs.digests('diff_ids') ?? [] }
}

function readHistory(item: unknown, path: string): HistoryEntry {
  const fields = new Fields(item, names.history, document, path)
  return {
    ...optional('created', fields.string('created')),
    ...optional('created_by', fields.string('created_by')),
    ...optional('author', fields.string('author')),
    ...optional('comment', fields.string('comment')),
    ...optional('empty_layer', fields.boolean('empty_layer')),
  }
}

function readRunConfig(fields: Fields | undefined): RunConfig | undefined {
  if (fields === undefined) return undefined
  const healthcheck = fields.object('Healthcheck', names.healthcheck)
  return {
    ...optional('User', fields.string('User')),
    ...optional('ExposedPorts', fields.set('ExposedPorts')),
    ...optional('Env', fields.strings('Env')),
    ...optional('Entrypoint', fields.strings('Entrypoint')),
    ...optional('Cmd', fields.strings('Cmd')),
    ...optional('Volumes', fields.set('Volumes')),
    ...optional('WorkingDir', fields.string('WorkingDir')),
    ...optional('Labels', fields.stringMap('Labels')),
    ...optional('StopSignal', fields.string('StopSignal')),
    ...optional('ArgsEscaped', fields.boolean('ArgsEscaped')),
    ...optional('Healthcheck', healthcheck && readHealthcheck(healthcheck)),
    ...optional('Shell', fields.strings('Shell')),
    ...optional('OnBuild', fields.strings('OnBuild')),
  }
}

function readHealthcheck(fields: Fields): Healthcheck {
  return {
    ...optional('Test', fields.strings('Test')),
    ...optional('Interval', fields.integer('Interval')),
    ...optional('Timeout', fields.integer('Timeout')),
    ...optional('StartPeriod', fields.integer('StartPeriod')),
    ...optional('StartInterval', fields.integer('StartInterval')),
    ...optional('Retries', fields.integer('Retries')),
  }
}
