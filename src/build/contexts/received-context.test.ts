import { afterAll, beforeAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { readReceivedText } from './definition.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

/** Builds from a directory that is empty until the build asks for files. */
async function build(text: string, files: Readonly<Record<string, string>>) {
  const asked: (readonly string[] | undefined)[] = []
  const directory = await workshop.context(`received-${crypto.randomUUID()}`, {})
  const receive = async (paths: readonly string[] | undefined): Promise<void> => {
    asked.push(paths)
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(`${directory}/${name}`, content)
    }
  }
  const { layers } = await workshop.build({
    context: { directory, receive },
    dockerfile: { text, name: 'Own.Dockerfile' },
  })
  const [layer] = layers
  return { asked, listed: layer === undefined ? {} : await workshop.list(layer) }
}

test('build() asks once for the files that steps use', async () => {
  const { asked: paths, listed } = await build('FROM scratch\nARG N=one\nCOPY $N t* /\n', {
    one: '1',
    two: '2',
  })
  expect(paths).toEqual([['one', 't*']])
  expect(listed).toMatchObject({ one: 'file 644 0:0 "1"', two: 'file 644 0:0 "2"' })
})

test('build() asks for all files when a step copies the whole context, and does not read the ignore file', async () => {
  const { asked, listed } = await build('FROM scratch\nCOPY . /\n', {
    '.dockerignore': '*',
    a: 'a',
  })
  expect(asked).toEqual([undefined])
  expect(listed).toMatchObject({ a: 'file 644 0:0 "a"' })
})

test('build() asks for no files when no step uses them', async () => {
  const { asked } = await build('FROM scratch AS unused\nCOPY a /\nFROM scratch\nENV A=b\n', {})
  expect(asked).toEqual([])
})

test('build() names the given Dockerfile in messages', async () => {
  await expect(build('FROM scratch\nCOPPY a b\n', {})).rejects.toThrow('Own.Dockerfile:2')
})

test('readReceivedText() follows links only within the directory', async () => {
  const directory = await workshop.context('links', {
    Dockerfile: 'FROM scratch\n',
    inside: { link: 'Dockerfile' },
    outside: { link: '/etc/passwd' },
  })
  expect(await readReceivedText(directory, 'inside')).toBe('FROM scratch\n')
  await expect(readReceivedText(directory, 'outside')).rejects.toThrow(
    'it is a link that leads out',
  )
  expect(await readReceivedText(directory, '../../../etc/passwd')).toBeUndefined()
  expect(await readReceivedText(directory, 'absent')).toBeUndefined()
})
