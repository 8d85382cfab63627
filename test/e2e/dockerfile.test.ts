import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStrake, type Strake } from './strake.ts'

let strake: Strake
beforeAll(async () => {
  strake = await openStrake()
})
afterAll(() => strake[Symbol.asyncDispose]())

const wrong = 'from alpine as Build\nrun  echo \\\n\n hi\nUSER me\nCMD echo $x\n'

async function write(text: string): Promise<string> {
  const path = join(strake.directory, 'Dockerfile')
  await writeFile(path, text, { mode: 0o640 })
  return path
}

describe('strake dockerfile lint', () => {
  test('dockerfile lint prints problems with their lines, and opens no store', async () => {
    const path = await write(wrong)
    const found = await strake('dockerfile', 'lint', path)
    expect(found.exitCode).toBe(1)
    expect(found.stdout).toContain('   6 | >>> CMD echo $x\n')
    expect(found.stdout).toEndWith('0 errors and 5 warnings\n')
    await expect(stat(strake.root)).rejects.toThrow('ENOENT')
    expect(await strake('dockerfile', 'lint', '--fail-on', 'error', path)).toMatchObject({
      exitCode: 0,
    })
  })

  test('dockerfile lint --fix rewrites only what has a fix, and --diff shows it', async () => {
    const path = await write(wrong)
    const shown = await strake('dockerfile', 'lint', '--fix', '--diff', path)
    expect(shown.stdout).toContain('+FROM alpine AS build\n+RUN  echo \\\n  hi\n')
    expect(await readFile(path, 'utf8')).toBe(wrong)
    const fixed = await strake('dockerfile', 'lint', '--fix', path)
    expect(fixed.stdout).toContain('0 errors and 1 warning\n')
    expect(await readFile(path, 'utf8')).toBe(
      'FROM alpine AS build\nRUN  echo \\\n hi\nUSER me\nCMD echo $x\n',
    )
  })

  test('dockerfile lint --format writes documents for other programs', async () => {
    const path = await write('FROM a\nRNU x\n')
    const sarif = await strake('dockerfile', 'lint', '--format', 'sarif', path)
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'unknown-instruction', level: 'error' }] }],
    })
    const github = await strake('dockerfile', 'lint', '--format', 'github', path)
    expect(github.stdout).toContain(
      'line=2,col=1,endLine=2,endColumn=4,title=unknown-instruction::',
    )
  })
})

describe('strake dockerfile fmt', () => {
  test('dockerfile fmt prints, checks and writes the usual layout', async () => {
    const path = await write(wrong)
    const usual = 'FROM alpine AS Build\nRUN echo \\\n    hi\nUSER me\nCMD echo $x\n'
    const input = await strake.with({ input: wrong }, 'dockerfile', 'fmt', '-')
    expect(input).toMatchObject({ exitCode: 0, stdout: usual })
    const differs = await strake('dockerfile', 'fmt', '--check', path)
    expect(differs).toMatchObject({ exitCode: 1, stdout: `${path}\n` })
    await strake.ok('dockerfile', 'fmt', '--write', path)
    expect(await readFile(path, 'utf8')).toBe(usual)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await strake('dockerfile', 'fmt', '--check', path)).toMatchObject({ exitCode: 0 })
  })
})
