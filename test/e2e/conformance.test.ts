import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serveStrakeRegistry } from './servers.ts'
import { missing, openStrake } from './strake.ts'

const suite = join(process.env['STRAKE_PEERS'] ?? '/var/cache/strake-peers', 'conformance')
const reason =
  missing() ?? (existsSync(suite) ? undefined : 'needs the suite: scripts/setup peers builds it')
if (reason !== undefined) console.info(`skipped: conformance of the registry: ${reason}`)

/** Runs the official suite with `settings` and returns the failed lines of its report. */
async function failuresOf(
  options: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  await using strake = await openStrake()
  const storage = join(strake.directory, 'storage')
  await using server = await serveStrakeRegistry(strake, '--storage', storage, ...options)
  const child = Bun.spawn([suite], {
    cwd: strake.directory,
    env: {
      OCI_REGISTRY: server.host,
      OCI_TLS: 'disabled',
      OCI_RESULTS_DIR: join(strake.directory, 'results'),
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
})
