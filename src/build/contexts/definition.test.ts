import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { readDefinition } from './definition.ts'

let directory: TemporaryDirectory
beforeAll(async () => {
  directory = await mkdtempDisposable(tmpdir(), 'strake-definition-')
})
afterAll(() => directory[Symbol.asyncDispose]())

const context = (name: string, files: readonly string[]): { path: string; kind: 'directory' } => {
  const path = `${directory.path}/${name}`
  mkdirSync(path)
  for (const file of files) writeFileSync(`${path}/${file}`, `# ${file}\nFROM scratch\n`)
  return { path, kind: 'directory' }
}

test('readDefinition() prefers Dockerfile, then dockerfile, then Containerfile', async () => {
  const names = ['Containerfile', 'dockerfile', 'Dockerfile']
  for (let count = 1; count <= names.length; count++) {
    const { source } = await readDefinition(context(`c${count}`, names.slice(0, count)), undefined)
    expect(source.name).toBe(names[count - 1] ?? '')
  }
})

test('readDefinition() suggests the file that was perhaps meant', async () => {
  const { path, kind } = context('typo', ['Dockerfile.dev'])
  await expect(readDefinition({ path, kind }, `${path}/Dockerfile.dve`)).rejects.toMatchObject({
    message: `Cannot read ${path}/Dockerfile.dve: there is no such file`,
    remedy: `did you mean ${path}/Dockerfile.dev`,
  })
  await expect(readDefinition(context('empty', []), undefined)).rejects.toMatchObject({
    remedy: 'name the Dockerfile with -f, and the directory it builds from as the argument',
  })
})
