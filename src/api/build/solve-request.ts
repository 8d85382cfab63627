import { parseBoolean } from '#dockerfile/boolean'
import { createBuildId } from '#engine/history/build-id'
import { decode, encode } from '#grpc'
import { SolveRequest } from '../buildkit/messages/control.ts'
import { fieldsText } from '../buildkit/options/fields-text.ts'
import { ApiError } from '../failure.ts'
import type { Query } from '../query.ts'
import { mapOf, wordsOf } from './query-values.ts'

/** The URL of a context that is the body of a request to this server. */
export const bodyContext = 'http://buildkit-session/body'

type Attributes = Readonly<Record<string, string>>

/** Translates the query of `POST /build?version=2` to a request for a build. Throws 400. */
export function solveRequest(query: Query): SolveRequest {
  const buildArgs = mapOf('buildargs', query.text('buildargs')) ?? new Map<string, string>()
  const isInline = parseBoolean(buildArgs.get('BUILDKIT_INLINE_CACHE') ?? '') === true
  return decode(
    SolveRequest,
    encode(SolveRequest, {
      Ref: createBuildId(),
      Session: query.text('session'),
      Frontend: 'dockerfile.v0',
      FrontendAttrs: { ...attributesOf(query), ...prefixed('build-arg:', buildArgs) },
      Exporters: exportersOf(query),
      Entitlements: query.text('networkmode') === 'host' ? ['network.host'] : [],
      Cache: { Exports: isInline ? [{ Type: 'inline', Attrs: {} }] : [] },
    }),
  )
}

function attributesOf(query: Query): Attributes {
  const remote = query.text('remote') ?? 'upload-request'
  const network = query.text('networkmode')
  const attributes = {
    context: remote === 'upload-request' ? bodyContext : remote === 'client-session' ? '' : remote,
    target: query.text('target'),
    filename: query.text('dockerfile')?.replace(/^\.$/, ''),
    platform: query.text('platform'),
    'cache-from': listOf('cachefrom', query.text('cachefrom')).join(','),
    'image-resolve-mode': query.flag('pull') ? 'pull' : 'default',
    'force-network-mode': network === 'host' || network === 'none' ? network : '',
    'add-hosts': wordsOf(query.text('extrahosts'))
      .map((host) => host.replace(':', '='))
      .join(','),
    'shm-size': query.whole('shmsize') ? query.text('shmsize') : '',
    ulimit: listOf('ulimits', query.text('ulimits')).map(ulimitOf).join(','),
  }
  const given = Object.entries(attributes).filter(([, value]) => (value ?? '') !== '')
  return {
    ...(Object.fromEntries(given) as Attributes),
    ...(query.flag('nocache') && { 'no-cache': '' }),
    ...prefixed('label:', mapOf('labels', query.text('labels')) ?? new Map()),
  }
}

function prefixed(prefix: string, values: ReadonlyMap<string, string>): Attributes {
  return Object.fromEntries([...values].map(([name, value]) => [prefix + name, value]))
}

/** Without outputs, the image is stored. */
function exportersOf(
  query: Query,
): readonly { readonly Type: string; readonly Attrs: Attributes }[] {
  const [output = { Type: 'moby' }] = listOf('outputs', query.text('outputs'))
  const { Type, Attrs } = { Attrs: {}, ...Object(output) }
  const attributes = Object.entries(Object(Attrs)).map(([key, value]) => [key, String(value)])
  if (typeof Type !== 'string') throw new ApiError(400, 'invalid outputs specified')
  if (Type === 'cacheonly') return []
  const names = query.texts('t').filter((name) => name !== '')
  const isImage = Type === 'moby' || Type === 'image'
  const named = isImage && names.length > 0 ? { name: names.join(',') } : {}
  return [{ Type, Attrs: { ...Object.fromEntries(attributes), ...named } }]
}

/** `{"Name":"nofile","Soft":10,"Hard":20}` */
function ulimitOf(limit: unknown): string {
  const { Name, Soft, Hard } = Object(limit)
  if (typeof Name !== 'string' || typeof Soft !== 'number' || typeof Hard !== 'number') {
    throw new ApiError(400, 'error reading ulimit settings')
  }
  return fieldsText({ [Name]: `${Soft}:${Hard}` })
}

/** A JSON list. */
function listOf(name: string, text: string | undefined): readonly unknown[] {
  if (text === undefined) return []
  try {
    const list: unknown = JSON.parse(text)
    if (list === null) return []
    if (Array.isArray(list)) return list
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new ApiError(400, `error reading ${name}: it is no JSON list`)
}
