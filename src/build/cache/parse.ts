import { type Descriptor, Fields, type Layer, parseJson, type StrakeError } from '#oci'
import type {
  CacheConfig,
  CacheLayer,
  CacheLink,
  CacheRecord,
  LayerDetails,
  LayerFactsOfStep,
  PortableMount,
  StepFacts,
} from './model.ts'

/** Limits on caches, which anybody may have written. */
export const cacheLimits = {
  /** Bytes of a configuration. BuildKit reads 1 MiB; caches of S3 and GitHub may be larger. */
  configSize: 16_777_216,
  /** Layers and pieces of mounts. A manifest has fewer. */
  layers: 10_000,
  /** Records. A build of 1,000 steps on ten platforms has 20,000. */
  records: 100_000,
  /** Links of all records together. */
  links: 1_000_000,
  /** Characters of an ID of a cache mount. */
  mountId: 4096,
} as const

const document = { what: 'the build cache', code: 'INVALID' } as const

/** Reads a cache configuration. Throws `INVALID` for cycles, and for indexes without a target. */
export function parseCacheConfig(raw: Uint8Array): CacheConfig {
  if (raw.length > cacheLimits.configSize) {
    throw refusal(`it has ${raw.length} bytes, more than ${cacheLimits.configSize}`)
  }
  const value = parseJson(raw, document.what, document.code)
  const fields = new Fields(value, ['layers', 'records', 'strake'], document)
  const layers = bounded(fields, 'layers', cacheLimits.layers, readLayer)
  const own = fields.object('strake', ['mounts'])
  const mounts = own === undefined ? [] : bounded(own, 'mounts', cacheLimits.layers, readMount)
  const config = { layers, records: readRecords(fields), mounts }
  checkLayers(layers)
  checkRecords(config)
  return config
}

/** Reads the records in the configuration of an image, whose layers they refer to. */
export function parseInlineRecords(raw: Uint8Array, layers: readonly Layer[]): CacheConfig {
  const fields = new Fields(
    { records: parseJson(raw, document.what, document.code) },
    ['records'],
    document,
  )
  const config = {
    layers: layers.map(({ descriptor, diffId }, index) => ({
      blob: descriptor.digest,
      parent: index - 1,
      details: { mediaType: descriptor.mediaType, diffId, size: descriptor.size },
    })),
    records: readRecords(fields),
    mounts: [],
  }
  checkRecords(config)
  return config
}

function readRecords(fields: Fields): CacheRecord[] {
  let links = 0
  return bounded(fields, 'records', cacheLimits.records, (item, path) => {
    const record = readRecord(item, path)
    links += record.inputs.reduce((sum, each) => sum + each.length, 0)
    if (links > cacheLimits.links) throw refusal(`it has more than ${cacheLimits.links} links`)
    return record
  })
}

function bounded<T>(
  fields: Fields,
  name: string,
  most: number,
  read: (item: unknown, path: string) => T,
): T[] {
  const value = fields.get(name)
  if (Array.isArray(value) && value.length > most) {
    throw refusal(`it has ${value.length} ${name}, more than ${most}`)
  }
  return fields.items(name, read) ?? []
}

function readLayer(item: unknown, path: string): CacheLayer {
  const fields = new Fields(item, ['blob', 'parent', 'annotations'], document, path)
  const details = fields.object('annotations', ['mediaType', 'diffID', 'size', 'createdAt'])
  return {
    blob: fields.required('blob', fields.digest('blob')),
    // Go leaves out a zero.
    parent: fields.integer('parent') ?? 0,
    details: details === undefined ? undefined : readDetails(details),
  }
}

function readDetails(fields: Fields): LayerDetails {
  return {
    mediaType: fields.string('mediaType') ?? '',
    diffId: fields.required('diffID', fields.digest('diffID')),
    size: natural(fields, 'size') ?? 0,
  }
}

const recordNames = ['layers', 'chains', 'digest', 'inputs', 'strake']

function readRecord(item: unknown, path: string): CacheRecord {
  const fields = new Fields(item, recordNames, document, path)
  const step = fields.object('strake', ['layer', 'content', 'platforms'])
  return {
    digest: fields.string('digest') ?? '',
    results: fields.items('layers', readResult) ?? [],
    chains: fields.items('chains', readChain) ?? [],
    inputs: fields.items('inputs', readLinks) ?? [],
    step: step === undefined ? undefined : readStep(step),
  }
}

function readResult(item: unknown, path: string): number {
  const fields = new Fields(item, ['layer', 'createdAt'], document, path)
  return fields.integer('layer') ?? 0
}

function readChain(item: unknown, path: string): readonly number[] {
  const fields = new Fields(item, ['layers', 'createdAt'], document, path)
  return fields.items('layers', readIndex) ?? []
}

function readIndex(item: unknown, path: string): number {
  if (typeof item === 'number' && Number.isSafeInteger(item)) return item
  throw refusal(`${path} is not an integer`)
}

function readLinks(item: unknown, path: string): readonly CacheLink[] {
  if (!Array.isArray(item) || item.length === 0) throw refusal(`${path} has no links`)
  return item.map((link, index) => {
    const fields = new Fields(link, ['selector', 'link'], document, `${path}[${index}]`)
    return { record: fields.integer('link') ?? 0, selector: fields.string('selector') }
  })
}

function readStep(fields: Fields): StepFacts {
  const layer = fields.object('layer', ['diffId', 'size', 'epoch', 'additive'])
  return {
    layer: layer === undefined ? null : readFacts(layer),
    contentKey: readKey(fields),
    platforms: fields.strings('platforms') ?? [],
  }
}

function readKey(fields: Fields): string | undefined {
  const key = fields.string('content')
  if (key === undefined || /^[0-9a-f]{64}$/.test(key)) return key
  throw fields.fail('content is not a key')
}

function readFacts(fields: Fields): LayerFactsOfStep {
  const isAdditive = fields.boolean('additive') === true ? true : undefined
  return {
    diffId: fields.required('diffId', fields.digest('diffId')),
    size: fields.required('size', natural(fields, 'size')),
    epoch: natural(fields, 'epoch'),
    isAdditive,
  }
}

function readMount(item: unknown, path: string): PortableMount {
  const fields = new Fields(item, ['id', 'size', 'pieces'], document, path)
  const id = fields.required('id', fields.string('id'))
  if (id.length > cacheLimits.mountId) throw refusal(`${path}.id is too long`)
  return {
    id,
    size: fields.required('size', natural(fields, 'size')),
    pieces: bounded(fields, 'pieces', cacheLimits.layers, readPiece),
  }
}

function readPiece(item: unknown, path: string): Descriptor {
  const fields = new Fields(item, ['mediaType', 'digest', 'size'], document, path)
  return {
    mediaType: fields.required('mediaType', fields.string('mediaType')),
    digest: fields.required('digest', fields.digest('digest')),
    size: fields.required('size', natural(fields, 'size')),
  }
}

function natural(fields: Fields, name: string): number | undefined {
  const value = fields.integer(name)
  if (value !== undefined && value < 0) throw refusal(`${name} is negative`)
  return value
}

/** Every layer must have a parent that exists, and no layer may be below itself. */
function checkLayers(layers: readonly CacheLayer[]): void {
  const checked = new Set<number>()
  for (const start of layers.keys()) {
    const path = new Set<number>()
    for (let at = start; at !== -1 && !checked.has(at); ) {
      const layer = layers[at]
      if (layer === undefined) throw refusal(`there is no layer ${at}`)
      if (path.has(at)) throw refusal(`layer ${at} is below itself`)
      path.add(at)
      at = layer.parent
    }
    for (const index of path) checked.add(index)
  }
}

/** Every index must have a target, and no record may be an input of itself. */
function checkRecords({ layers, records }: Omit<CacheConfig, 'mounts'>): void {
  const users = new Map<number, number[]>()
  const waiting = records.map(({ results, chains, inputs }, index) => {
    for (const layer of [...results, ...chains.flat()]) {
      if (layers[layer] === undefined) throw refusal(`there is no layer ${layer}`)
    }
    const links = inputs.flat()
    for (const { record } of links) {
      if (records[record] === undefined) throw refusal(`there is no record ${record}`)
      const known = users.get(record)
      if (known === undefined) users.set(record, [index])
      else known.push(index)
    }
    return links.length
  })
  const ready = [...waiting.keys()].filter((index) => waiting[index] === 0)
  let done = 0
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    done++
    for (const user of users.get(index) ?? []) {
      const left = (waiting[user] ?? 0) - 1
      waiting[user] = left
      if (left === 0) ready.push(user)
    }
  }
  if (done < records.length) throw refusal('a record is an input of itself')
}

function refusal(reason: string): StrakeError {
  return new Fields({}, [], document).fail(reason)
}
