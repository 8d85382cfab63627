import { decode, encode, GrpcError } from '#grpc'
import { sha256 } from '#oci'
import { type Definition, Op } from './messages/ops.ts'

/** The scheme of sources that stand for the result of a build. BuildKit has no such sources. */
const scheme = 'strake-ref://'

/**
 * Returns a graph that stands for a result. Clients hand it on without understanding it, as the
 * input of another build.
 */
export function referenceDefinition(id: string): Definition {
  const source = encode(Op, { source: { identifier: scheme + id } })
  const end = encode(Op, { inputs: [{ digest: sha256(source), index: 0 }] })
  // Clients refuse operations without an entry there.
  return { def: [source, end], metadata: { [sha256(source)]: {}, [sha256(end)]: {} } }
}

/**
 * Returns the URL of the repository or archive that a graph consists of; `undefined` for any other
 * graph. Clients look for files in the context of a build before they build from it.
 */
export function readRemoteSource({ def }: Pick<Definition, 'def'>): string | undefined {
  const [source, ...others] = def.flatMap((bytes) => decode(Op, bytes).source ?? [])
  if (source === undefined || others.length > 0) return undefined
  const { identifier, attrs } = source
  if (/^https?:\/\//.test(identifier)) return identifier
  if (!identifier.startsWith('git://')) return undefined
  const at = identifier.indexOf('#')
  return (attrs['git.fullurl'] ?? identifier) + (at < 0 ? '' : identifier.slice(at))
}

/** Returns the ID of the result that a graph stands for. Throws for any other graph. */
export function readReference({ def }: Pick<Definition, 'def'>, what: string): string {
  const [id, ...others] = def.flatMap((bytes) => {
    const { source } = decode(Op, bytes)
    return source === undefined ? [] : [source.identifier]
  })
  if (id?.startsWith(scheme) === true && others.length === 0) return id.slice(scheme.length)
  throw refuseDefinition(what)
}

/** The error for a graph that is not built. */
export function refuseDefinition(what: string): GrpcError {
  return new GrpcError(
    'UNIMPLEMENTED',
    `Cannot solve ${what}: it is a definition in LLB, and only Dockerfiles are built`,
  )
}
