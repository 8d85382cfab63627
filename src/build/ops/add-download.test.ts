import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { sha256 } from '#oci'
import { packTar } from '#tar'
import { build } from '../build-image.ts'
import { openWorkshop, refusalOf, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
let context: string
let archive: Uint8Array
beforeAll(async () => {
  workshop = await openWorkshop()
  context = await workshop.context('context', { plain: 'plain' })
  archive = gzipSync(await packTar([{ path: 'inside', body: Buffer.from('inside') }]))
})
afterAll(() => workshop[Symbol.asyncDispose]())

/** The files that an ADD makes of what a server answers with. */
async function add(
  line: string,
  answer: (url: string) => Response = () => new Response(new Uint8Array(archive)),
): Promise<Record<string, string>> {
  const services = { ...workshop.services, http: { fetch: async (url: string) => answer(url) } }
  const dockerfile = { text: `FROM scratch\n${line}\n` }
  const { layers, lease } = await build({ services, context, dockerfile })
  await lease.release()
  const [layer] = layers
  expect(readdirSync(`${workshop.path}/root/scratch`)).toEqual([])
  return layer === undefined ? {} : workshop.list(layer)
}

describe('ADD of a URL', () => {
  test('unpacks a downloaded archive only with --unpack', async () => {
    expect(await add('ADD https://h/a.tgz /d/')).toEqual({
      d: 'directory 755 0:0',
      'd/a.tgz': expect.stringContaining('file 600 0:0'),
    })
    expect(await add('ADD --unpack=true https://h/a.tgz /d/')).toMatchObject({
      'd/inside': 'file 644 0:0 "inside"',
    })
  })

  test('compares the checksum with the downloaded bytes before it unpacks them', async () => {
    const right = sha256(archive)
    let count = 0
    const line = (digest: string): string =>
      `ADD --unpack=true --checksum=${digest} https://h/a${count++} /d/`
    expect(await add(line(right))).toHaveProperty(['d/inside'])
    const bomb = gzipSync(Buffer.concat([archive, Buffer.alloc(1_000_000)]))
    for (const bytes of [bomb, archive.subarray(1), new Uint8Array(0), Buffer.from('text')]) {
      const lie = await refusalOf(add(line(right), () => new Response(new Uint8Array(bytes))))
      expect(lie.message).toContain(`its content is ${sha256(bytes)}, not ${right}`)
    }
  })

  test('compares checksums of other algorithms too', async () => {
    for (const algorithm of ['sha384', 'sha512']) {
      const right = new Bun.CryptoHasher(algorithm as 'sha512').update(archive).digest('hex')
      const line = `ADD --checksum=${algorithm}:${right} https://h/${algorithm} /d/`
      expect(await add(line)).toHaveProperty([`d/${algorithm}`])
      const lie = await refusalOf(
        add(
          line.replace(
            right,
            right.replace(/^./, 'x').replace('x', right.startsWith('0') ? '1' : '0'),
          ),
        ),
      )
      expect(lie.message).toContain(`its content is ${algorithm}:${right}, not ${algorithm}:`)
    }
  })

  test('fetches nothing but HTTP', async () => {
    const asked: string[] = []
    for (const url of ['file:///etc/passwd', 'ftp://h/x', 'gopher://h/x', 'data:text/plain,x']) {
      const refused = refusalOf(
        add(`ADD ${url} /x`, (asking) => {
          asked.push(asking)
          return new Response('got')
        }),
      )
      expect((await refused).message).not.toContain('root:')
    }
    const redirected = refusalOf(
      add('ADD https://h/x /x', (asking) => {
        asked.push(asking)
        return new Response(null, { status: 302, headers: { Location: 'file:///etc/passwd' } })
      }),
    )
    expect((await redirected).message).toContain('redirects to file:, which is not HTTP')
    expect(asked).toEqual(['https://h/x'])
  })

  test('uses no name from a server or a URL that is not a file name', async () => {
    const named = (value: string) => (): Response =>
      new Response('x', { headers: { 'Content-Disposition': `attachment; filename="${value}"` } })
    const file = 'file 600 0:0 "x"'
    expect(await add('ADD https://h/a /d/', named('../../etc/passwd'))).toHaveProperty(
      ['d/passwd'],
      file,
    )
    expect(await add('ADD https://h/a /d/', named('/etc/shadow'))).toHaveProperty(
      ['d/shadow'],
      file,
    )
    const long = `https://h/${'n'.repeat(256)}`
    for (const url of ['https://h/..%2f', 'https://h/', 'https://h/a%00b', long]) {
      const refused = await refusalOf(add(`ADD ${url} /d/`))
      expect([url, refused.message]).toEqual([url, expect.stringContaining('it has no file name')])
      expect(await add(`ADD ${url} /d`, () => new Response('x'))).toEqual({ d: file })
    }
    const whiteout = await refusalOf(add('ADD https://h/.wh.a /d/'))
    expect(whiteout.message).toMatch(/^Cannot /)
  })

  test('takes the later of two URLs with the same name', async () => {
    const answer = (url: string): Response => new Response(new URL(url).host)
    expect(await add('ADD https://one/a https://two/a /d/', answer)).toHaveProperty(
      ['d/a'],
      'file 600 0:0 "two"',
    )
  })
})
