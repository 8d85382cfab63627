import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build --check: ${reason}`)

describe.skipIf(reason !== undefined)('build --check and --call', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  const call = async (dockerfile: string, ...args: readonly string[]): Promise<Outcome> => {
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
    })
    return strake('build', ...args, context)
  }

  test('--check prints violations with their lines, and builds nothing', async () => {
    const before = await strake.ok('images', '--all', '--quiet')
    const found = await call('FROM busybox\nRUN false\nCMD echo\n', '--check')
    expect(found).toMatchObject({ exitCode: 1 })
    expect(found.stdout).toContain('Check complete, 1 warning has been found!')
    expect(found.stdout).toContain('WARNING: JSONArgsRecommended - https://docs.docker.com/')
    expect(found.stdout).toContain('   3 | >>> CMD echo')
    const none = await call('FROM busybox\n', '--check')
    expect(none).toMatchObject({ exitCode: 0, stdout: 'Check complete, no warnings found.\n' })
    expect(await strake.ok('images', '--all', '--quiet')).toBe(before)
  })

  test('--check fails for a mistake, and for violations that the Dockerfile makes errors', async () => {
    const mistake = await call('FROM busybox\nRNU x\n', '--check')
    expect(mistake).toMatchObject({ exitCode: 1 })
    expect(mistake.stderr).toContain('did you mean RUN?')
    const violation = '# check=error=true\nFROM busybox\nCMD echo\n'
    expect(await call(violation, '--check')).toMatchObject({ exitCode: 1 })
    const json = await call(violation, '--call', 'check,format=json')
    expect(json).toMatchObject({ exitCode: 1 })
    expect(JSON.parse(json.stdout)).toMatchObject({
      warnings: [
        { ruleName: 'JSONArgsRecommended', location: { ranges: [{ start: { line: 3 } }] } },
      ],
      buildError: { message: expect.stringContaining('lint violation found') },
      sources: [{ filename: 'Dockerfile' }],
    })
  })

  test('--call check,ignorestatus=true does not fail for violations', async () => {
    const found = await call('FROM busybox\nCMD echo\n', '--call', 'check,ignorestatus=true')
    expect(found).toMatchObject({ exitCode: 0 })
  })

  test('--check --fix rewrites the Dockerfile, and --diff only shows the changes', async () => {
    const wrong = 'FROM busybox as a\nCMD echo\n'
    const shown = await call(wrong, '--check', '--fix', '--diff')
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' })
    expect(shown.stdout).toContain('+FROM busybox AS a\n+CMD ["echo"]\n')
    const path = join(strake.directory, 'context', 'Dockerfile')
    expect(await readFile(path, 'utf8')).toBe(wrong)
    expect(await call(wrong, '--check', '--fix')).toMatchObject({ exitCode: 0 })
    expect(await readFile(path, 'utf8')).toBe('FROM busybox AS a\nCMD ["echo"]\n')
  })

  test('--call subrequests.describe lists the methods', async () => {
    const found = await call('FROM busybox\n', '--call', 'subrequests.describe')
    expect(found.stdout).toMatch(/^NAME +VERSION +DESCRIPTION\noutline +1\.0\.0 /)
  })

  test('--call outline and targets describe the Dockerfile, as text and in JSON', async () => {
    const text =
      '# app serves\nFROM busybox AS app\nARG PORT=80\nRUN --mount=type=secret,id=key x\n'
    const outline = await call(text, '--call', 'outline')
    expect(outline.stdout).toMatch(/TARGET: +app\nDESCRIPTION: serves\n/)
    expect(outline.stdout).toMatch(/BUILD ARG +VALUE +DESCRIPTION\nPORT +80\n/)
    expect(outline.stdout).toMatch(/SECRET +REQUIRED\nkey\n/)
    const targets = await call(text, '--call', 'targets')
    expect(targets.stdout).toMatch(/TARGET +DESCRIPTION\napp \(default\) +serves\n/)
    const json = await call(text, '--call', 'targets,format=json')
    expect(JSON.parse(json.stdout).targets).toMatchObject([{ name: 'app', default: true }])
  })
})
