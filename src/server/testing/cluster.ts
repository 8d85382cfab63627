import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  findPostgres,
  type PostgresServer,
  startPostgres,
} from '../../facts/testing/postgres-server.ts'
import { type S3Server, startS3Server } from '../../objects/testing/s3-server.ts'
import type { StorageConfig } from '../../registry/config/config.ts'
import type { ReplicaOptions } from './replica.ts'

/** Why tests of several replicas cannot run here, or `undefined`. */
export const clusterReason: string | undefined =
  findPostgres() === undefined ? 'PostgreSQL is not installed' : undefined

/** PostgreSQL and a server of buckets, which replicas share. */
export interface Cluster extends AsyncDisposable {
  readonly postgres: PostgresServer
  readonly s3: S3Server
  /** Makes an empty database and an empty bucket. */
  createPlace(): Promise<ClusterPlace>
}

/** What the replicas of one registry share. */
export type ClusterPlace = Pick<ReplicaOptions, 'bucket' | 'database'>

export async function startCluster(): Promise<Cluster> {
  const programs = findPostgres()
  if (programs === undefined) throw new Error('PostgreSQL is not installed')
  const postgres = await startPostgres(programs)
  const s3 = startS3Server()
  let count = 0
  return {
    postgres,
    s3,
    async createPlace() {
      count += 1
      const bucket = `bucket${count}`
      s3.bucket(bucket)
      const credentials = { accessKeyId: 'strake', secretAccessKey: 'strakesecret' }
      return {
        bucket: { bucket, region: 'us-east-1', endpoint: s3.url, usesPath: true, credentials },
        database: await postgres.createDatabase(),
      }
    },
    async [Symbol.asyncDispose]() {
      await s3[Symbol.asyncDispose]()
      await postgres[Symbol.asyncDispose]()
    },
  }
}

/**
 * Writes the configuration of a replica and its credentials into a directory. Returns the path of the
 * configuration file.
 */
export async function writeReplicaConfig(
  directory: string,
  { bucket, database }: ClusterPlace,
  more: StorageConfig = {},
): Promise<string> {
  const { accessKeyId, secretAccessKey } = bucket.credentials
  const credentialsFile = join(directory, 'bucket')
  await writeFile(credentialsFile, `${accessKeyId}\n${secretAccessKey}\n`)
  const storage: StorageConfig = {
    bucket: {
      name: bucket.bucket,
      region: bucket.region,
      endpoint: bucket.endpoint,
      pathStyle: true,
      credentialsFile,
    },
    database: { url: database },
    ...more,
  }
  const path = join(directory, 'registry.yml')
  await writeFile(path, JSON.stringify({ storage }))
  return path
}

/** A replica in a process of its own. Disposal kills it. */
export interface Replica extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>
  /** Begins to count the steps before `killAt`. */
  count(): Promise<void>
  /** Ends it as an operator does. */
  stop(): Promise<void>
}

export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const program = join(import.meta.dir, 'replica.ts')
  const child = Bun.spawn([process.execPath, program, JSON.stringify(options)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const lines = child.stdout.getReader()
  const line = async (): Promise<string> => {
    const { value } = await lines.read()
    return new TextDecoder().decode(value).trim()
  }
  const url = await line()
  if (!url.startsWith('http')) throw new Error(`the replica did not start: ${url}`)
  return {
    url: url.replace(/\/$/, ''),
    child,
    async count() {
      child.kill('SIGUSR1')
      await line()
    },
    async stop() {
      child.kill('SIGTERM')
      await child.exited
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
