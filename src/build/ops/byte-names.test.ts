import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { packTar } from '#tar'
import { addBusybox, busyboxMissing, openWorkshop, type Workshop } from '../testing/fixture.ts'

// A name in Linux has any bytes but NUL and slash. Here \xef is no UTF-8.

/** The name in bytes, and as text in the entries of an archive. */
const [bytes, name] = [Buffer.from('na\xefme', 'latin1'), 'na\udcefme']

function pathOf(directory: string, last: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), last])
}

describe.skipIf(busyboxMissing !== undefined)(
  `names that are not UTF-8 (${busyboxMissing ?? 'in every kind of step'})`,
  () => {
    let workshop: Workshop
    let count = 0
    beforeAll(async () => {
      workshop = await openWorkshop()
      await addBusybox(workshop)
    })
    afterAll(() => workshop[Symbol.asyncDispose]())

    /**
     * Returns the entries of the last layer, for a context with such a file, directory and
     * link.
     */
    const built = async (lines: string, files = {}): Promise<Record<string, string>> => {
      const context = await workshop.context(`context-${count++}`, { plain: 'plain', ...files })
      writeFileSync(pathOf(context, bytes), 'contents')
      const directory = pathOf(context, Buffer.from('d\xff', 'latin1'))
      mkdirSync(directory)
      writeFileSync(Buffer.concat([directory, Buffer.from('/'), bytes]), 'below')
      symlinkSync(bytes, pathOf(context, Buffer.from('l\x80', 'latin1')))
      const { layers } = await workshop.build({
        context,
        dockerfile: { text: `FROM busybox\n${lines}\n` },
      })
      const layer = layers.at(-1)
      return layer === undefined ? {} : workshop.list(layer)
    }

    test('RUN keeps such names, with and without an epoch', async () => {
      const text = `FROM busybox\nRUN mkdir /d && touch "/d/$(printf 'na\\357me')"\nRUN ls /d > /seen\n`
      for (const times of [{}, { epoch: 1_600_000_000 }]) {
        const { layers } = await workshop.build({ dockerfile: { text }, ...times })
        const [made, seen] = await Promise.all(layers.slice(-2).map((each) => workshop.list(each)))
        expect(made).toEqual({
          d: 'directory 755 0:0',
          [`d/${name}`]: 'file 644 0:0 ""',
        })
        expect(Object.keys(seen ?? {})).toEqual(['seen'])
      }
    })

    test('COPY from the context keeps such names', async () => {
      expect(await built('COPY . /c/')).toMatchObject({
        [`c/${name}`]: 'file 644 0:0 "contents"',
        'c/d\udcff': 'directory 755 0:0',
        [`c/d\udcff/${name}`]: 'file 644 0:0 "below"',
        'c/l\udc80': `symlink 777 0:0 ${name}`,
      })
      expect(await built('COPY na* /c/')).toMatchObject({
        [`c/${name}`]: 'file 644 0:0 "contents"',
      })
    })

    test('COPY from a stage keeps such names', async () => {
      const lines = 'COPY . /c/\nFROM busybox\nCOPY --from=0 /c /d'
      expect(await built(lines)).toMatchObject({
        [`d/${name}`]: 'file 644 0:0 "contents"',
        [`d/d\udcff/${name}`]: 'file 644 0:0 "below"',
      })
    })

    test('COPY excludes such names by .dockerignore', async () => {
      const plain = { 'c/plain': 'file 644 0:0 "plain"' }
      expect(await built('COPY plain /c/', { '.dockerignore': 'nothing\n' })).toMatchObject(plain)
      const files = await built('COPY . /c/', { '.dockerignore': 'na*\nd*\nl*\n.d*\n' })
      expect(files).toEqual({ c: 'directory 755 0:0', ...plain })
    })

    test('ADD from an archive keeps such names', async () => {
      const tar = await packTar([{ path: `a/${name}`, body: Buffer.from('added') }])
      expect(await built('ADD a.tar /x/', { 'a.tar': tar })).toMatchObject({
        [`x/a/${name}`]: 'file 644 0:0 "added"',
      })
    })

    test('COPY runs again when only the invalid bytes of a name change', async () => {
      const context = await workshop.context('renamed', { plain: 'plain' })
      const [first, second] = ['x\xf0', 'x\xf1'].map((each) =>
        pathOf(context, Buffer.from(each, 'latin1')),
      )
      if (first === undefined || second === undefined) throw new RangeError('two names')
      writeFileSync(first, 'contents')
      const copied = async (): Promise<Record<string, string>> => {
        const dockerfile = { text: 'FROM busybox\nCOPY . /r/\n' }
        const { layers } = await workshop.build({ context, dockerfile })
        const layer = layers.at(-1)
        return layer === undefined ? {} : workshop.list(layer)
      }
      expect(Object.keys(await copied())).toContain('r/x\udcf0')
      renameSync(first, second)
      expect(Object.keys(await copied())).toContain('r/x\udcf1')
      expect(workshop.stateOf('COPY')).toBe('done')
      await copied()
      expect(workshop.stateOf('COPY')).toBe('cached')
    })
  },
)
