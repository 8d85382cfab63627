import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: builder prune: ${reason}`)

describe.skipIf(reason !== undefined)('builder', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const input = [
      'FROM busybox',
      'RUN --mount=type=cache,target=/c head -c 50000 /dev/zero > /c/f',
      'RUN head -c 100000 /dev/zero > /f',
    ].join('\n')
    const { stderr, exitCode } = await strake.with({ input }, 'build', '-q', '-')
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const entries = async (...options: readonly string[]): Promise<readonly string[]> => {
    const lines = await strake.ok('builder', 'du', '--format', '{{.ID}}', '--no-trunc', ...options)
    return lines.split('\n').filter((line) => !/:/.test(line) && line !== '')
  }
  const prune = (...options: readonly string[]): Promise<string> =>
    strake.ok('builder', 'prune', '-f', ...options)

  test('du lists the entries that pass a filter', async () => {
    const [all, mounts, steps] = [
      await entries(),
      await entries('--filter', 'type=exec.cachemount'),
      await entries('--filter', 'type=regular'),
    ]
    expect(mounts).toHaveLength(1)
    expect([...mounts, ...steps].sort()).toEqual([...all].sort())
    expect(await entries('--filter', `id=${mounts[0]?.slice(0, 8)}`)).toEqual(mounts)
  })

  test('system df shows the cache as Docker does', async () => {
    const rows = (await strake.ok('system', 'df')).split('\n')
    expect(rows.find((row) => row.startsWith('Build Cache'))).toMatch(/ \d[\d.]*[kM]?B *$/)
    const text = await strake.ok('system', 'df', '-v')
    expect(text).toMatch(/^CACHE ID +CACHE TYPE +SIZE +CREATED +LAST USED +USAGE +SHARED$/m)
    const fields = '{{range .BuildCache}}{{.UsageCount}} {{.InUse}}{{.Parent}};{{end}}'
    expect(await strake.ok('system', 'df', '-v', '--format', fields)).toMatch(/^(?:1 false;)+$/)
  })

  test('du --verbose has a line for each field', async () => {
    const text = await strake.ok('builder', 'du', '--verbose', '--filter', 'type=exec.cachemount')
    const [id = ''] = await entries('--filter', 'type=exec.cachemount')
    expect(text.split('\n').slice(0, 1)).toEqual([`ID:\t\t${id}`])
    expect(text).toMatch(/^Created at:\t\d{4}-\d\d-\d\d .*\nMutable:\ttrue\nReclaimable:\ttrue$/m)
    expect(text).toMatch(/^Shared:\t\tfalse\nSize:\t\t\d+(?:\.\d+)?kB$/m)
    expect(text).toMatch(/^Type:\t\texec\.cachemount\n\nReclaimable: /m)
    const refused = await strake('builder', 'du', '--verbose', '--format', 'json')
    expect(refused.stderr).toContain('--format and --verbose exclude each other')
  })

  test('prune keeps what does not pass the filter, and what the limits reserve', async () => {
    const before = await entries()
    await prune('--filter', 'until=24h')
    await prune('--keep-storage', '1g', '--verbose', '--timeout', '20s')
    await prune('--reserved-space', '1g', '--max-used-space', '1')
    await prune('--min-free-space', '1')
    expect(await entries()).toEqual(before)
    const [mount = ''] = await entries('--filter', 'type=exec.cachemount')
    expect(await prune('--filter', 'type=exec.cachemount')).toContain(mount)
    expect(await entries()).toEqual(before.filter((id) => id !== mount))
    await prune('--max-used-space', '1')
    const sizes = await strake.ok('builder', 'du', '--format', '{{.Size}}')
    expect(sizes).not.toMatch(/\d (kB|MB)/)
    await prune()
    expect(await entries()).toEqual([])
  })

  test('prune refuses unknown conditions', async () => {
    const { exitCode, stderr } = await strake('builder', 'prune', '-f', '--filter', 'parent=x')
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('until=') })
  })
})
