import { openPostgresFacts } from '#facts'
import type { S3Server } from '../../objects/testing/s3-server.ts'
import type { ClusterPlace, Replica } from './cluster.ts'
import type { ExpectedTag } from './soak.ts'

/** What a registry has beside that which its tags reach, and what it lacks of that. */
export interface Leaks {
  /** Digests of content that no tag reaches. */
  readonly unneeded: readonly string[]
  /** Digests of content that tags reach and the registry lacks. */
  readonly lost: readonly string[]
  /** Keys of objects that have no blob. */
  readonly objects: readonly string[]
  /** Rows of members, unfinished uploads, ingests and objects to delete. */
  readonly rows: Readonly<Record<string, number>>
}

/** Compares the database and the bucket with what the tags name. */
export async function findLeaks(
  { database, bucket }: ClusterPlace,
  s3: S3Server,
  expected: readonly ExpectedTag[],
): Promise<Leaks> {
  await using facts = await openPostgresFacts({ url: database, connections: 1 })
  const { postgres } = facts
  const inBucket = s3.bucket(bucket.bucket)
  const needed = new Set<string>()
  const members = new Set<string>()
  for (const { repository, image } of expected) {
    for (const { descriptor } of [image.manifest, image.config, ...image.layers]) {
      needed.add(descriptor.digest)
      members.add(`${repository} ${descriptor.digest}`)
    }
  }
  const objects = await postgres.query('SELECT digest, key FROM strake_objects')
  const digests = new Set(objects.map(({ digest }) => String(digest)))
  const keys = new Set(objects.map(({ key }) => String(key)))
  const count = async (table: string): Promise<number> => {
    const [row] = await postgres.query(`SELECT count(*)::integer AS count FROM strake_${table}`)
    return Number(row?.['count'])
  }
  return {
    unneeded: [...digests].filter((digest) => !needed.has(digest)),
    lost: [
      ...[...needed].filter((digest) => !digests.has(digest)),
      ...[...keys].filter((key) => !inBucket.objects.has(key)),
    ],
    objects: [...inBucket.objects.keys()].filter((key) => !keys.has(key)),
    rows: {
      members: (await count('members')) - members.size,
      uploads: await count('uploads'),
      ingests: await count('ingests'),
      trash: await count('trash'),
      parts: inBucket.uploads.size,
    },
  }
}

export const noLeaks: Leaks = {
  unneeded: [],
  lost: [],
  objects: [],
  rows: { members: 0, uploads: 0, ingests: 0, trash: 0, parts: 0 },
}

/** Lets time pass for the replicas until they have collected everything, or for half a minute. */
export async function settle(
  place: ClusterPlace,
  s3: S3Server,
  replicas: readonly Replica[],
  expected: readonly ExpectedTag[],
): Promise<Leaks> {
  for (let round = 0; ; round += 1) {
    const leaks = await findLeaks(place, s3, expected)
    if (round === 60 || Bun.deepEquals(leaks, noLeaks)) return leaks
    for (const { child } of replicas) child.kill('SIGUSR2')
    await Bun.sleep(500)
  }
}
