import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { packTar } from '#tar'
import { build } from '../build-image.ts'
import { openWorkshop, refusalOf, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
let context: string
beforeAll(async () => {
  workshop = await openWorkshop()
  const tar = await packTar([
    { path: 'top/', type: 'directory', mode: 0o700, uid: 3, gid: 4 },
    { path: 'top/file', body: Buffer.from('inside'), mode: 0o640, uid: 3, gid: 4 },
    { path: 'top/hard', type: 'hardlink', linkpath: 'top/file' },
    { path: 'link', type: 'symlink', linkpath: '/etc' },
  ])
  const text = Buffer.from('not an archive at all, only text of some length')
  context = await workshop.context('context', {
    'a.tar': tar,
    'a.tgz': gzipSync(tar),
    'text.gz': gzipSync(text),
    'd/a.tar': tar,
    'up.tar': await packTar([{ path: '../escaped', body: Buffer.from('x') }]),
    'hard.tar': await packTar([{ path: 'x', type: 'hardlink', linkpath: '../../etc/shadow' }]),
    'gone.tar': await packTar([{ path: 'etc/.wh.passwd', body: Buffer.from('') }]),
    ...Object.fromEntries(foreign.map((name) => [`a.tar.${name}`, packWith(name, tar)])),
    'fake.tar.xz': Buffer.concat([
      Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
      Buffer.alloc(100),
    ]),
    plain: 'plain',
  })
})
afterAll(() => workshop[Symbol.asyncDispose]())

/** Compressions that an installed program of the host decodes. */
const foreign = ['xz', 'bzip2'].filter((name) => Bun.which(name) !== null)
if (foreign.length < 2)
  console.info('skipped: add of xz and bzip2 archives: not both are installed')

function packWith(program: string, bytes: Uint8Array): Buffer {
  return Bun.spawnSync([program, '-c'], { stdin: bytes }).stdout
}

const add = async (lines: string): Promise<Record<string, string>> => {
  const dockerfile = { text: `FROM scratch\n${lines}\n` }
  const { layers } = await workshop.build({ context, dockerfile })
  const [layer] = layers
  return layer === undefined ? {} : workshop.list(layer)
}

const unpacked = {
  o: 'directory 755 0:0',
  'o/link': 'symlink 777 0:0 /etc',
  'o/top': 'directory 700 3:4',
  'o/top/file': 'file 640 3:4 "inside"',
  'o/top/hard': 'hardlink 644 0:0 o/top/file',
}

test('add unpacks an archive, compressed or not, because of its contents', async () => {
  expect(await add('ADD a.tar /o')).toEqual(unpacked)
  expect(await add('ADD a.tgz /o/')).toEqual(unpacked)
})

for (const name of foreign) {
  test(`add unpacks ${name} archives, by the program of the host`, async () => {
    expect(await add(`ADD a.tar.${name} /o`)).toEqual(unpacked)
  })
}

test('add copies a file that only starts like an archive', async () => {
  expect(Object.keys(await add('ADD fake.tar.xz /o/'))).toEqual(['o', 'o/fake.tar.xz'])
})

test('add copies other files, archives in a directory, and archives with --unpack=false', async () => {
  expect(Object.keys(await add('ADD text.gz /o/'))).toEqual(['o', 'o/text.gz'])
  expect(Object.keys(await add('ADD d /o/'))).toEqual(['o', 'o/a.tar'])
  expect(Object.keys(await add('ADD --unpack=false a.tar /o'))).toEqual(['o'])
  expect(await add('ADD plain /o')).toEqual({ o: 'file 644 0:0 "plain"' })
})

test('add gives everything to --chown', async () => {
  const owned = await add('ADD --chown=8:9 a.tar /o')
  expect(Object.values(owned).every((entry) => entry.includes(' 8:9'))).toBe(true)
})

test.each(['up.tar', 'hard.tar'])('add refuses %p, whose entries lead out of it', async (name) => {
  await expect(add(`ADD ${name} /o`)).rejects.toThrow('leads out of the archive')
})

test('add refuses archives that would delete files', async () => {
  await expect(add('ADD gone.tar /')).rejects.toThrow('mark removed files')
})

test('add downloads to the disk of the store, with mode 0600 and the name of the URL, and verifies a checksum', async () => {
  const asked: string[] = []
  const scratch = `${workshop.path}/root/scratch`
  const fetcher = async (url: string): Promise<Response> => {
    asked.push(url)
    const [place = ''] = readdirSync(scratch)
    expect(readdirSync(`${scratch}/${place}`)).toEqual([expect.stringMatching(/^add-/)])
    if (url.includes('missing')) return new Response('no', { status: 404 })
    const headers = { 'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT' }
    return new Response('payload', { headers })
  }
  const services = { ...workshop.services, http: { fetch: fetcher } }
  const digest = 'sha256:239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5'
  const download = async (text: string): Promise<Record<string, string>> => {
    const dockerfile = { text: `FROM scratch\n${text}\n` }
    const { layers, lease } = await build({ services, context, dockerfile })
    await lease.release()
    const [layer] = layers
    return layer === undefined ? {} : workshop.list(layer)
  }
  const file = 'file 600 0:0 "payload"'
  expect(await download('ADD https://user:pw@h/a/b.bin?q /d/')).toEqual({
    d: 'directory 755 0:0',
    'd/b.bin': file,
  })
  expect(await download('ADD https://h/%zz /d/')).toHaveProperty(['d/%zz'], file)
  expect(await download(`ADD --checksum=${digest} https://h/x /y`)).toEqual({ y: file })
  const wrong = digest.replace('239f', 'aaaa')
  const lie = await refusalOf(download(`ADD --checksum=${wrong} https://u:pw@h/x /y`))
  expect(lie.message).toStartWith(`Cannot add https://h/x: its content is ${digest}`)
  const missing = await refusalOf(download('ADD https://u:pw@h/missing?token=1 /y'))
  expect(missing.message).toStartWith('Cannot add https://h/missing: the server answered 404\n')
  expect(asked).toHaveLength(5)
  expect(readdirSync(scratch)).toEqual([])
})
