import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLockDirectory } from '#platform'
import { blob, type Fixture, noise } from '../../../registry/testing/fixtures.ts'
import { type Cluster, clusterReason, startCluster } from '../../../server/testing/cluster.ts'
import { createRegistryToken, registryTokens } from '../tokens.ts'
import { backUpRegistry, restoreRegistry } from './backup-registry.ts'
import { checkStoredRegistry } from './check-stored.ts'
import { openTestReplica, type TestReplica } from './testing/replica.ts'

if (clusterReason !== undefined) console.info(`skipped: killed backups: ${clusterReason}`)

const program = join(import.meta.dir, '../../../cli/main.ts')

/** Runs a command and kills it after some milliseconds. Returns true when it had ended by itself. */
async function runFor(
  milliseconds: number,
  { engine }: TestReplica,
  argv: readonly string[],
): Promise<boolean> {
  const child = Bun.spawn([process.execPath, program, 'registry', ...argv], {
    env: { ...process.env, STRAKE_ROOT: engine.root, STRAKE_RUN: `${engine.directory}/run` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
  const status = await child.exited
  clearTimeout(timer)
  if (child.signalCode === null) expect(status).toBe(0)
  return child.signalCode === null
}

/** Kills a command at later and later moments, until it ends by itself. */
async function killAtMany(run: (milliseconds: number) => Promise<boolean>): Promise<number> {
  let step = 100
  for (let milliseconds = 100, count = 0; ; milliseconds += step, count += 1) {
    if (await run(milliseconds)) return count
    // A slow machine needs longer steps to come to an end.
    if (count % 10 === 9) step *= 2
  }
}

const imageLayers = (seed: number): readonly Fixture[] =>
  Array.from({ length: 8 }, (_, at) => blob(noise(400_000 + at, seed * 100 + at)))

/** Names in a directory that are neither content nor facts. */
async function leftovers(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true })
  return names.filter((name) => /\.tmp|\.part|^ingest\/|-wal$|-shm$/.test(name))
}

describe.skipIf(clusterReason !== undefined)('a backup or restore that is killed', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('leaves the earlier backup whole, and the next one cleans up', async () => {
    await using replica = await openTestReplica(cluster)
    const { engine, config } = replica
    const backup = `${engine.directory}/backup`
    await replica.push('app', 'v0', imageLayers(0))
    await backUpRegistry(engine, backup, { config })
    let version = 0
    await killAtMany(async (milliseconds) => {
      version += 1
      await replica.push('app', `v${version}`, imageLayers(version))
      const isDone = await runFor(milliseconds, replica, ['backup', '--config', config, backup])
      const storage = `${engine.directory}/restored-${version}`
      expect(await restoreRegistry(backup, { storage })).toMatchObject({ faulty: [] })
      expect(await Array.fromAsync(checkStoredRegistry(engine, { storage }))).toEqual([])
      await rm(storage, { recursive: true })
      return isDone
    })
    expect(await leftovers(backup)).toEqual([])
  }, 300_000)

  test('can be restored again, with the tokens', async () => {
    await using replica = await openTestReplica(cluster)
    const { engine, config } = replica
    const place = { config, root: async () => engine.root }
    const { id } = await createRegistryToken(place, { robot: 'ci' })
    for (const version of [1, 2, 3]) await replica.push('app', `v${version}`, imageLayers(version))
    const backup = `${engine.directory}/backup`
    await backUpRegistry(engine, backup, { config })
    await using other = await openTestReplica(cluster)
    await killAtMany((milliseconds) =>
      runFor(milliseconds, other, ['restore', '--config', other.config, backup]),
    )
    const options = { config: other.config }
    expect(await Array.fromAsync(checkStoredRegistry(other.engine, options))).toEqual([])
    const tokens = await registryTokens({ ...place, config: other.config })
    expect(tokens.map((token) => token.id)).toEqual([id])

    const parent = `${engine.directory}/places`
    const storage = `${parent}/restored`
    await killAtMany((milliseconds) =>
      runFor(milliseconds, other, ['restore', '--storage', storage, backup]),
    )
    expect(await Array.fromAsync(checkStoredRegistry(engine, { storage }))).toEqual([])
    expect(await readdir(parent)).toEqual(['restored'])
  }, 300_000)

  test('two backups into one directory do not run at the same time', async () => {
    await using replica = await openTestReplica(cluster)
    const { engine, config } = replica
    await replica.push('app', 'v1', imageLayers(1))
    const backup = `${engine.directory}/backup`
    await backUpRegistry(engine, backup, { config })
    {
      using _running = tryLockDirectory(backup)
      const refused = backUpRegistry(engine, backup, { config })
      await expect(refused).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    await backUpRegistry(engine, backup, { config })
  }, 60_000)
})
