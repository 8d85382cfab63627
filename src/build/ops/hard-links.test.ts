import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
let context: string
const large = 'x'.repeat(700_000)
const names = Array.from({ length: 10 }, (_, n) => `f${n}`)

beforeAll(async () => {
  workshop = await openWorkshop()
  context = await workshop.context('context', { 'h/f0': large, 'h/other': 'other', second: '2' })
  mkdirSync(`${context}/h/below`)
  for (const name of names.slice(1)) linkSync(`${context}/h/f0`, `${context}/h/${name}`)
  linkSync(`${context}/h/f0`, `${context}/h/below/f`)
  mkdirSync(`${context}/two`)
  linkSync(`${context}/h/f0`, `${context}/two/f`)
})
afterAll(() => workshop[Symbol.asyncDispose]())

async function built(lines: string): Promise<{
  readonly files: readonly string[]
  readonly links: Readonly<Record<string, string>>
  readonly size: number
}> {
  const dockerfile = { text: `FROM scratch\n${lines}\n` }
  const { layers } = await workshop.build({ context, dockerfile })
  const layer = layers.at(-1)
  if (layer === undefined) throw new RangeError('no layer')
  const listed = Object.entries(await workshop.list(layer))
  const links = listed.flatMap(([path, text]) =>
    text.startsWith('hardlink') ? [[path, text.split(' ').at(-1) ?? ''] as const] : [],
  )
  const files = listed.flatMap(([path, text]) => (text.startsWith('file') ? [path] : []))
  return { files, links: Object.fromEntries(links), size: layer.descriptor.size }
}

const linksTo = (directory: string, first: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${directory}/${name}`, `${directory}/${first}`]))

test.each([
  'COPY h /c',
  'COPY h /c/',
  'ADD h /c',
  'COPY --link h /c',
  'COPY --chown=8:9 --chmod=600 h /c',
  'COPY h /s/h\nFROM scratch\nCOPY --from=0 /s/h /c',
])('%s keeps hard links within the directory', async (lines) => {
  const { files, links, size } = await built(lines)
  expect(links).toEqual(linksTo('c', 'below/f'))
  expect(files).toEqual(['c/below/f', 'c/other'])
  expect(size).toBeLessThan(large.length + 20_000)
})

test('copy gives a hard link the owner and mode of the file', async () => {
  const dockerfile = { text: 'FROM scratch\nCOPY --chown=8:9 --chmod=600 h /c\n' }
  const { layers } = await workshop.build({ context, dockerfile })
  const [layer] = layers
  const listed = layer === undefined ? {} : await workshop.list(layer)
  expect(listed['c/f1']).toBe('hardlink 600 8:9 c/below/f')
})

test.each(['COPY h/f0 h/f1 /t/', 'COPY h/f* /t/', 'COPY --parents h/f0 h/f1 /t/'])(
  '%s makes files of sources that are named one by one',
  async (lines) => {
    expect((await built(lines)).links).toEqual({})
  },
)

test('copy makes no hard links across sources, nor to a file that a later source replaced', async () => {
  const { links } = await built('COPY h two /c/')
  expect(links).not.toHaveProperty('c/f')
  const over = await built('COPY h second /c/')
  expect(Object.keys(over.links)).toHaveLength(10)
  const context2 = await workshop.context('over', { 'a/one': 'old', 'b/one': 'new' })
  linkSync(`${context2}/a/one`, `${context2}/a/two`)
  const dockerfile = { text: 'FROM scratch\nCOPY a b /c/\n' }
  const { layers } = await workshop.build({ context: context2, dockerfile })
  const [layer] = layers
  expect(layer && (await workshop.list(layer))).toEqual({
    c: 'directory 755 0:0',
    'c/one': 'file 644 0:0 "new"',
    'c/two': 'file 644 0:0 "old"',
  })
})

test('copy links to the first name that no pattern excludes', async () => {
  const { files, links } = await built('COPY --exclude=below --exclude=f0 h /c')
  expect(files).toEqual(['c/f1', 'c/other'])
  expect(links).toEqual(Object.fromEntries(names.slice(2).map((name) => [`c/${name}`, 'c/f1'])))
})

test('copy runs again when a hard link becomes a file of its own', async () => {
  const tree = await workshop.context('parted', { 'd/a': 'same' })
  linkSync(`${tree}/d/a`, `${tree}/d/b`)
  const dockerfile = { text: 'FROM scratch\nCOPY d /d\n' }
  const build = async (): Promise<string | undefined> => {
    const { layers } = await workshop.build({ context: tree, dockerfile })
    return layers[0]?.diffId
  }
  const linked = await build()
  expect(await build()).toBe(linked ?? '')
  expect(workshop.stateOf('COPY')).toBe('cached')
  copyFileSync(`${tree}/d/a`, `${tree}/d/c`)
  rmSync(`${tree}/d/b`)
  renameSync(`${tree}/d/c`, `${tree}/d/b`)
  const parted = await build()
  expect(workshop.stateOf('COPY')).toBe('done')
  expect(parted).not.toBe(linked)
})
