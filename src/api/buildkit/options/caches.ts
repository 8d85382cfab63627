import { parseCacheFrom, parseCacheTo } from '#docker/build/caches'
import type { BuildRequest } from '#engine/build/build'
import { type Digest, isDigest } from '#oci'
import type { CacheOptionsEntry } from '../messages/common.ts'
import { type Attributes, refuse, textOf } from './attributes.ts'
import { fieldsText } from './fields-text.ts'

type CacheImport = NonNullable<BuildRequest['cacheFrom']>[number]
type CacheExport = NonNullable<BuildRequest['cacheTo']>[number]

/** Opens caches in directories of the client, which are never opened here. */
export interface ClientCaches {
  read(directory: string, digest: Digest | undefined): OpenCache
  write(directory: string): OpenCache
}

type OpenCache = Extract<CacheImport, { kind: 'given' }>['open']

/** Returns the caches to read: those of the attributes and of the request, each once. */
export function readCacheImports(
  attributes: Attributes,
  entries: readonly CacheOptionsEntry[],
  clients: ClientCaches,
): readonly CacheImport[] {
  const named = (textOf(attributes, 'cache-from') ?? '').split(',').filter((name) => name !== '')
  const unique = new Map(
    [...importsOf(attributes), ...entries].map((entry) => [cacheText(entry), entry]),
  )
  return [
    ...[...unique].flatMap(([text, { Attrs }]) =>
      parseCacheFrom(text).map((cache): CacheImport => {
        if (cache.kind !== 'local') return cache
        const open = clients.read(Attrs['src'] ?? '', readDigest(cache.digest))
        return { kind: 'given', open, mounts: cache.mounts }
      }),
    ),
    ...named.flatMap(parseCacheFrom).map((cache) => {
      if (cache.kind === 'local') throw refuse('cache-from', 'expected names of images')
      return cache
    }),
  ]
}

export function readCacheExports(
  entries: readonly CacheOptionsEntry[],
  clients: ClientCaches,
): readonly CacheExport[] {
  return entries.flatMap((entry) =>
    parseCacheTo(cacheText(entry)).map((cache): CacheExport => {
      if (cache.kind !== 'local') return cache
      const { directory: _directory, tag: _tag, resets: _resets, ...options } = cache
      return { ...options, kind: 'given', open: clients.write(entry.Attrs['dest'] ?? '') }
    }),
  )
}

function readDigest(text: string | undefined): Digest | undefined {
  return text !== undefined && isDigest(text) ? text : undefined
}

function cacheText({ Type, Attrs }: CacheOptionsEntry): string {
  return fieldsText({ type: Type, ...Attrs })
}

/** `cache-imports` is a JSON list of types and attributes. */
function importsOf(attributes: Attributes): readonly CacheOptionsEntry[] {
  const text = textOf(attributes, 'cache-imports')
  if (text === undefined) return []
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list)) return list.map(readEntry)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw refuse('cache-imports', 'expected a JSON list')
}

function readEntry(entry: unknown): CacheOptionsEntry {
  const { Type, Attrs } = { Type: undefined, Attrs: {}, ...Object(entry) }
  const fields: readonly [string, unknown][] = Object.entries(Object(Attrs))
  const isText = fields.every((field): field is [string, string] => typeof field[1] === 'string')
  if (typeof Type !== 'string' || !isText) {
    throw refuse('cache-imports', 'an entry has a type and attributes')
  }
  return { Type, Attrs: Object.fromEntries(fields) as Record<string, string> }
}
