import { mediaType, StrakeError } from '#oci'
import { type Endpoint, formatEndpoint } from '../../endpoints.ts'
import type { RegistryLedger, TagMove } from '../../store/ledger.ts'
import { earlierMeaning } from '../../store/roll-back.ts'
import type { Context } from '../context.ts'
import { openRepository } from '../open-repository.ts'
import { reply } from '../reply.ts'
import { moveTag } from './move-tag.ts'

type HistoryEndpoint = Extract<Endpoint, { kind: 'tag-history' }>

/** Entries of a page. */
const most = 1000

/**
 * Answers with an index of what a tag has meant, the newest first, also for a tag that is gone.
 *
 * @see https://github.com/opencontainers/distribution-spec/pull/606
 */
export async function getTagHistory(
  { registry, options: { ledger } }: Context,
  _request: Request,
  endpoint: HistoryEndpoint,
): Promise<Response> {
  const { repository, tag, digest, page } = endpoint
  const known = checkLedger(ledger)
  const limit = Math.min(page.n ?? most, most)
  const query = { olderThan: readTime(endpoint.before), digest, before: readId(page.last) }
  const found = await known.tagMoves(repository, tag, { ...query, limit: limit + 1 })
  const isFirst = page.last === undefined && endpoint.before === undefined
  if (found.length === 0 && isFirst) {
    if (digest !== undefined) throw notInHistory(endpoint, digest)
    // Throws for a repository that is unknown.
    for await (const _ of registry.repository(repository).tags()) break
  }
  const moves = found.slice(0, limit)
  const last = moves.at(-1)?.id
  const next =
    found.length > limit && last !== undefined
      ? formatEndpoint({ ...endpoint, page: { n: limit, last: String(last) } })
      : undefined
  return reply(
    200,
    {
      'Content-Type': mediaType.ociIndex,
      Link: next === undefined ? undefined : `<${next}>; rel="next"`,
    },
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaType.ociIndex,
      manifests: moves.map(describeMove),
    }),
  )
}

/** Points a tag to what it meant before its last move, or to the digest that the query names. */
export async function rollBack(
  context: Context,
  request: Request,
  endpoint: HistoryEndpoint,
): Promise<Response> {
  const { repository: name, tag, digest: wanted } = endpoint
  const moves = await checkLedger(context.options.ledger).tagMoves(name, tag, { limit: most })
  const digest = earlierMeaning(moves, wanted)
  if (digest === undefined) throw notInHistory(endpoint, wanted ?? 'an earlier manifest')
  const repository = openRepository(context, name, context.grant.name)
  const target = await repository.resolve(digest, request.signal)
  await moveTag(context, repository, { tag, target })
  return reply(201, {
    Location: formatEndpoint({ kind: 'manifest', repository: name, reference: tag }),
    'Docker-Content-Digest': digest,
  })
}

function describeMove(move: TagMove): object {
  const { digest, previous, movedAt, movedBy, mediaType: type, size } = move
  const event = digest === undefined ? 'deleted' : 'created'
  return {
    mediaType: type ?? mediaType.ociManifest,
    digest: digest ?? previous,
    size: size ?? 0,
    annotations: {
      'org.opencontainers.distribution.tag.event': event,
      'org.opencontainers.distribution.tag.timestamp': new Date(movedAt).toISOString(),
      ...(movedBy === undefined ? {} : { 'dev.strake.tag.by': movedBy }),
    },
  }
}

function checkLedger(ledger: RegistryLedger | undefined): RegistryLedger {
  if (ledger !== undefined) return ledger
  throw new StrakeError('NOT_FOUND', 'Cannot tell the history of tags: this registry keeps none')
}

function notInHistory({ repository, tag }: HistoryEndpoint, what: string): StrakeError {
  const message = `Cannot find ${what} in the history of ${repository}:${tag}`
  return new StrakeError('MANIFEST_UNKNOWN', message)
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (!Number.isNaN(time) && /^\d{4}-\d\d-\d\dT/.test(text)) return time
  throw new StrakeError(
    'INVALID',
    'Cannot read before: expected a time such as 2026-01-02T03:04:05Z',
  )
}

function readId(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new StrakeError('INVALID', 'Cannot read last: expected the number of a Link')
}
