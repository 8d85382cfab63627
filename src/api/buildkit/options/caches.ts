import { parseCacheFrom, parseCacheTo } from '#docker/build/caches'
import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import type { CacheOptionsEntry } from '../messages/common.ts'
import { type Attributes, refuse, textOf } from './attributes.ts'
import { fieldsText } from './fields-text.ts'

type CacheImport = NonNullable<BuildRequest['cacheFrom']>[number]
type CacheExport = NonNullable<BuildRequest['cacheTo']>[number]

/** Returns the caches to read: those of the attributes and of the request, each once. */
export function readCacheImports(
  attributes: Attributes,
  entries: readonly CacheOptionsEntry[],
): readonly CacheImport[] {
  const texts = [
    ...importsOf(attributes),
    ...entries.map(cacheText),
    ...(textOf(attributes, 'cache-from') ?? '').split(',').filter((name) => name !== ''),
  ]
  return [...new Set(texts)].flatMap((text) => parseCacheFrom(text).map(refuseLocal))
}

export function readCacheExports(entries: readonly CacheOptionsEntry[]): readonly CacheExport[] {
  return entries.flatMap((entry) => parseCacheTo(cacheText(entry)).map(refuseLocal))
}

/** The directory is one of the client, and never opened here. */
function refuseLocal<Cache extends CacheImport | CacheExport>(cache: Cache): Cache {
  if (cache.kind !== 'local') return cache
  const message = 'Cannot use a cache of type=local: the directory is on the machine of the client'
  throw new StrakeError('UNSUPPORTED', message, {
    remedy: 'use type=registry, type=inline, type=s3 or type=gha, or strake build',
  })
}

function cacheText({ Type, Attrs }: CacheOptionsEntry): string {
  return fieldsText({ type: Type, ...Attrs })
}

/** `cache-imports` is a JSON list of types and attributes. */
function importsOf(attributes: Attributes): readonly string[] {
  const text = textOf(attributes, 'cache-imports')
  if (text === undefined) return []
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list)) return list.map(textOfEntry)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw refuse('cache-imports', 'expected a JSON list')
}

function textOfEntry(entry: unknown): string {
  const { Type, Attrs } = { Type: undefined, Attrs: {}, ...Object(entry) }
  const fields: readonly [string, unknown][] = Object.entries(Object(Attrs))
  const isText = fields.every((field): field is [string, string] => typeof field[1] === 'string')
  if (typeof Type !== 'string' || !isText) {
    throw refuse('cache-imports', 'an entry has a type and attributes')
  }
  return cacheText({ Type, Attrs: Object.fromEntries(fields) as Record<string, string> })
}
