import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startBalancer } from '../../src/server/testing/balancer.ts'
import {
  clusterReason,
  startCluster,
  writeReplicaConfig,
} from '../../src/server/testing/cluster.ts'
import { serveStrakeRegistry } from './servers.ts'
import { missing, openStrake } from './strake.ts'

const suite = join(process.env['STRAKE_PEERS'] ?? '/var/cache/strake-peers', 'conformance')
const reason =
  missing() ?? (existsSync(suite) ? undefined : 'needs the suite: scripts/setup peers builds it')
if (reason !== undefined) console.info(`skipped: conformance of the registry: ${reason}`)

/** Runs the official suite with `settings` against a registry and returns the failed lines of its report. */
async function failuresOf(
  options: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  await using strake = await openStrake()
  const storage = join(strake.directory, 'storage')
  await using server = await serveStrakeRegistry(strake, '--storage', storage, ...options)
  return await askSuite(server.host, strake.directory, settings)
}

async function askSuite(
  host: string,
  directory: string,
  settings: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const child = Bun.spawn([suite], {
    cwd: directory,
    env: {
      OCI_REGISTRY: host,
      OCI_TLS: 'disabled',
      OCI_RESULTS_DIR: join(directory, 'results'),
      OCI_LOG: 'error',
      ...settings,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const report = await new Response(child.stdout).text()
  await child.exited
  expect(report).toContain('Test results')
  return report.split('\n').filter((line) => line.endsWith('FAIL'))
}

describe.skipIf(reason !== undefined)('the official conformance suite', () => {
  test('has no failures in its stable form', async () => {
    expect(await failuresOf([], { OCI_VERSION: '1.1' })).toEqual([])
  }, 120_000)

  test('has no failures in its strict form, sparse indexes and images included', async () => {
    const settings = { OCI_VERSION: 'dev', OCI_DATA_SPARSE: 'true' }
    expect(await failuresOf(['--sparse'], settings)).toEqual([])
  }, 120_000)

  test.skipIf(clusterReason !== undefined)(
    'has no failures in its strict form against replicas over PostgreSQL and a bucket',
    async () => {
      await using cluster = await startCluster()
      const place = await cluster.createPlace()
      await using strake = await openStrake()
      const config = await writeReplicaConfig(strake.directory, place, { sparse: true })
      await using first = await serveStrakeRegistry(strake, '--config', config)
      await using second = await serveStrakeRegistry(strake, '--config', config)
      // Each connection of the suite goes to the next replica.
      await using balancer = await startBalancer([first.host, second.host])
      const settings = { OCI_VERSION: 'dev', OCI_DATA_SPARSE: 'true' }
      expect(await askSuite(balancer.host, strake.directory, settings)).toEqual([])
    },
    180_000,
  )
})
