import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEnvironment } from './environment.ts'

/** Creates a file with this text for the duration of `use`. */
async function withFile<T>(text: string, use: (file: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'strake-env-'))
  try {
    const file = join(directory, 'env')
    writeFileSync(file, text)
    return await use(file)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('readEnvironment() reads files as Docker does, and options win', async () => {
  const text = '# comment\nA=1\n\n  B=two words "kept"\r\nNOT_SET_ANYWHERE\nC=x=y\n'
  const env = await withFile(text, (file) => readEnvironment(['A=2', 'D='], [file]))
  expect(env).toEqual(['A=2', 'B=two words "kept"', 'C=x=y', 'D='])
})

test('readEnvironment() takes a bare name from this process', async () => {
  expect(await readEnvironment(['PATH'])).toEqual([`PATH=${process.env['PATH']}`])
})

test('readEnvironment() keeps an unset bare name of an option, and drops one of a file', async () => {
  await withFile('A=1\nB=2\nNOT_SET_C\n', async (file) => {
    const words = ['NOT_SET_D', 'A', 'E=3', 'E', 'F', 'F=4']
    expect(await readEnvironment(words, [file])).toEqual([...['A', 'B=2', 'NOT_SET_D', 'E', 'F=4']])
  })
})

test('readEnvironment() names the invalid line', async () => {
  await withFile('A=1\nB C=2\n', async (file) => {
    await expect(readEnvironment([], [file])).rejects.toThrow(`${file}: line 2 is not NAME=value`)
  })
})

test('readEnvironment() names an absent file', async () => {
  await expect(readEnvironment([], ['/nowhere/env'])).rejects.toThrow(
    'Cannot read the env file /nowhere/env: no such file',
  )
})
