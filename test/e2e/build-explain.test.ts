import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build --explain: ${reason}`)

const dockerfile = 'FROM busybox\nARG version\nCOPY a /a\nRUN echo $version > /v\n'

describe.skipIf(reason !== undefined)('build --explain', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  test('--dry-run predicts which steps run, and --explain names the changed inputs', async () => {
    const write = (a: string): Promise<string> =>
      writeContext(join(strake.directory, 'context'), { Dockerfile: dockerfile, a })
    const context = await write('one')
    const first = await strake('build', '--explain', '--dry-run', context)
    expect(first).toMatchObject({ exitCode: 0 })
    expect(first.stdout).toBe(
      `would run  [2/3] COPY a /a
           no earlier result of it is known
would run  [3/3] RUN echo $version > /v
           no earlier result of it is known
2 of 2 steps would run.
`,
    )
    await strake.ok('build', '--build-arg', 'version=1', context)
    await write('two')
    const change = ['--build-arg', 'version=2', '--progress', 'plain', context]
    const predicted = await strake('build', '--explain', '--dry-run', ...change)
    expect(predicted.stdout).toMatch(
      /^would run {2}\[2\/3\] COPY a \/a\n {11}a changed: file 644 sha256:\w{16} -> file 644 sha256:\w{16}\nwould run {2}\[3\/3\] RUN echo \$version > \/v\n {11}the build argument version changed: 1 -> 2\n {11}\[2\/3\] COPY a \/a has another result\n2 of 2 steps would run.\n$/,
    )
    const built = await strake('build', '--explain', ...change)
    expect(built.stderr).toMatch(/#\d+ runs: a changed: file 644 sha256:\w{16} -> file 644/)
    expect(built.stderr).toMatch(/#\d+ runs: the build argument version changed: 1 -> 2\n/)
    const again = await strake('build', '--explain', '--dry-run', ...change)
    expect(again.stdout).toEndWith('0 of 2 steps would run.\n')
  })
})
