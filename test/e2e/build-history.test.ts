import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: history of builds: ${reason}`)

describe.skipIf(reason !== undefined)('the history of builds', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const context = await writeContext(join(strake.directory, 'app'), {
      Dockerfile: 'FROM busybox\nARG A\nRUN echo from the step\n',
      Failing: 'FROM busybox\nRUN echo before && false\n',
    })
    await strake.ok('build', '-t', 'kept', '--build-arg', 'A=1', context)
    await strake('build', '-f', join(context, 'Failing'), context)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  const history = async (...args: readonly string[]): Promise<string> =>
    await strake.ok('buildx', 'history', ...args)

  test('is listed, shown, printed and removed', async () => {
    const rows = await history('ls', '--format', '{{.Name}} {{.Status}}')
    expect(rows.split('\n')).toEqual(['app/Failing Error', 'app Completed'])
    const [line = ''] = (await history('ls', '--format', 'json')).split('\n')
    expect(JSON.parse(line)).toMatchObject({ name: 'app/Failing', completed_steps: 1 })
    const shown = await history('inspect', '^1')
    expect(shown).toMatch(/^Build Steps: 2\/2 \(0% cached\)$/m)
    expect(shown).toMatch(/pkg:docker\/busybox@latest\?platform=\S+ +sha256:[0-9a-f]{64}/)
    const document = JSON.parse(await history('inspect', '^1', '--format', 'json'))
    expect(document).toMatchObject({ BuildArgs: [{ Name: 'A', Value: '1' }], Status: 'completed' })
    const printed = await strake('buildx', 'history', 'logs', '^1')
    expect(printed.stderr).toMatch(/^#\d+ \d+\.\d{3} from the step$/m)
    const failed = await strake('buildx', 'history', 'logs')
    expect(failed.stderr).toContain('before')
    expect(failed.stderr).toContain('ERROR: ')
    await history('rm', '--all')
    expect(await history('ls', '--format', '{{.Ref}}')).toBe('')
    expect((await strake('buildx', 'history', 'logs')).stderr).toContain('no build is recorded')
  })
})
