import { type Descriptor, type Digest, isDigest, StrakeError } from '#oci'
import type { SqlRow } from '#platform'
import type { Member, MemberKind, MemberRecord, TagMove, TagRecord } from '#registry'

/** The number of a kind in the tables. */
export const kindNumber: Readonly<Record<MemberKind, number>> = { blob: 0, manifest: 1 }

/** The columns of a member, for `readMember`. */
export const memberColumns = 'kind, digest, media_type, size, described, subject'
/** The further columns of `readMemberRecord`. */
export const recordColumns = 'added_at, added_by, pulled_at, free_since'

export function readMember(row: SqlRow): Member {
  const described = row['described']
  const descriptor: Descriptor = {
    mediaType: String(row['media_type']),
    digest: digestOf(row['digest']),
    size: Number(row['size']),
    ...(described === null ? {} : (JSON.parse(String(described)) as Partial<Descriptor>)),
  }
  const kind = Number(row['kind']) === kindNumber.blob ? 'blob' : 'manifest'
  const subject = row['subject']
  return subject === null ? { kind, descriptor } : { kind, descriptor, subject: digestOf(subject) }
}

export function readMemberRecord(row: SqlRow): MemberRecord {
  return {
    ...readMember(row),
    addedAt: Number(row['added_at']),
    pulledAt: numberOf(row['pulled_at']),
    addedBy: textOf(row['added_by']),
    freeSince: numberOf(row['free_since']),
  }
}

export function readTag(row: SqlRow): TagRecord {
  return {
    name: String(row['name']),
    digest: digestOf(row['digest']),
    movedAt: Number(row['moved_at']),
    movedBy: textOf(row['moved_by']),
    pulledAt: numberOf(row['pulled_at']),
  }
}

export function readMove(row: SqlRow): TagMove {
  const { digest, previous } = row
  return {
    id: Number(row['id']),
    digest: digest === null ? undefined : digestOf(digest),
    previous: previous === null ? undefined : digestOf(previous),
    movedAt: Number(row['moved_at']),
    movedBy: textOf(row['moved_by']),
    mediaType: textOf(row['media_type']),
    size: numberOf(row['size']),
  }
}

/** Returns the JSON of what a descriptor has beside type, digest and size, or null. */
export function describedJson({ artifactType, annotations }: Descriptor): string | null {
  if (artifactType === undefined && annotations === undefined) return null
  return JSON.stringify({ artifactType, annotations })
}

export function digestOf(value: unknown): Digest {
  if (typeof value === 'string' && isDigest(value)) return value
  throw new StrakeError('INTERNAL', 'Cannot read the facts of the registry: a row has no digest')
}

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
