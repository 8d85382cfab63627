import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unary } from '#grpc'
import { messageOf } from '#grpc/testing/message-of'
import { packetType } from '../messages/files.ts'
import { Check } from '../messages/health.ts'
import { openClient } from '../testing/open-client.ts'
import {
  type Asked,
  type ClientFile,
  directory,
  file,
  sendFiles,
  symlink,
} from '../testing/send-files.ts'
import { type FilesRequest, receiveFiles } from './receive-files.ts'

let place: string

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'receive-'))
})
afterEach(() => rmSync(place, { recursive: true }))

/** Receives the files of a client, and returns what the client saw. */
async function receive(
  files: readonly ClientFile[],
  {
    extra = [],
    ...request
  }: Partial<FilesRequest> & { readonly extra?: Parameters<typeof sendFiles>[2] } = {},
): Promise<Asked> {
  const asked: Asked = { questions: [], errors: [] }
  await using client = await openClient([sendFiles(files, asked, extra)])
  try {
    await receiveFiles(client.session, { name: 'context', directory: place, ...request })
  } catch (error) {
    throw Object.assign(error as Error, { asked })
  }
  return asked
}

const at = (path: string): string => join(place, path)
const text = (path: string): string => readFileSync(at(path), 'utf8')

describe('receiveFiles()', () => {
  test('makes files, directories and links as the client has them', async () => {
    await receive([
      file('a', 'first'),
      directory('dir', 0o750),
      file('dir/empty', ''),
      file('dir/large', 'x'.repeat(100_000), { mode: 2 ** 23 + 0o755 }),
      symlink('dir/link', '../../outside'),
      file('dir/same', '', { linkname: 'a' }),
      { path: 'pipe', mode: 2 ** 25 + 0o600 },
      { path: 'socket', mode: 2 ** 24 + 0o600 },
    ])
    expect(text('a')).toBe('first')
    expect(lstatSync(at('a'), { bigint: true }).mtimeNs).toBe(1_700_000_000_123_456_789n)
    expect(lstatSync(at('dir')).mode & 0o7777).toBe(0o750)
    expect(text('dir/empty')).toBe('')
    expect(text('dir/large')).toHaveLength(100_000)
    expect(lstatSync(at('dir/large')).mode & 0o7777).toBe(0o4755)
    expect(readlinkSync(at('dir/link'))).toBe('../../outside')
    expect(lstatSync(at('dir/same')).ino).toBe(lstatSync(at('a')).ino)
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true)
    expect(existsSync(at('socket'))).toBe(false)
  })

  test('tells the client what it wants', async () => {
    const { metadata } = await receive([], {
      name: 'extra',
      paths: ['a', 'b c'],
      exclude: ['*.log', 'grün'],
      include: [],
    })
    expect(metadata?.all('dir-name')).toEqual(['extra'])
    expect(metadata?.all('followpaths')).toEqual(['a', 'b c'])
    expect(metadata?.first('followpaths-encoded')).toBeUndefined()
    expect(metadata?.all('exclude-patterns')).toEqual(['*.log', 'gr%C3%BCn'])
    expect(metadata?.first('exclude-patterns-encoded')).toBe('1')
    expect(metadata?.all('include-patterns')).toEqual([])
  })

  test('receives only what changed since the last time, and removes the rest', async () => {
    const kept = [file('a', 'one'), directory('dir'), file('dir/b', 'two'), symlink('l', 'a')]
    await receive([...kept, file('gone', 'x'), directory('old'), file('old/c', 'x')])
    const before = lstatSync(at('a')).ino
    const changed = kept.with(2, file('dir/b', 'TWO', { modTime: 5n }))
    const { questions } = await receive([...changed, file('new', 'y')])
    expect(questions).toEqual([2, 4])
    expect([text('a'), text('dir/b'), text('new')]).toEqual(['one', 'TWO', 'y'])
    expect(lstatSync(at('a')).ino).toBe(before)
    expect(['gone', 'old'].map((path) => existsSync(at(path)))).toEqual([false, false])
    expect((await receive(kept)).questions).toEqual([2])
  })

  test('replaces what has become of another type', async () => {
    await receive([directory('a'), file('a/b', 'x'), file('c', 'x'), symlink('d', 'c')])
    await receive([symlink('a', 'c'), directory('c', 0o500), file('c/b', 'y'), file('d', 'z')])
    expect(readlinkSync(at('a'))).toBe('c')
    expect(text('c/b')).toBe('y')
    expect(text('d')).toBe('z')
    await receive([directory('c'), file('c/n', 'w')])
    expect(text('c/n')).toBe('w')
  })

  test('leaves the status of unchanged directories as it is, so that a build knows their files', async () => {
    const files = [directory('a', 0o750), file('a/b', 'x'), directory('c', 0o500)]
    await receive(files)
    const status = (path: string) => lstatSync(at(path), { bigint: true }).ctimeNs
    const before = ['a', 'a/b', 'c'].map(status)
    await receive(files)
    expect(['a', 'a/b', 'c'].map(status).slice(0, 2)).toEqual(before.slice(0, 2))
    await receive([directory('a', 0o700), file('a/b', 'x'), directory('c', 0o755)])
    expect(['a', 'c'].map((path) => lstatSync(at(path)).mode & 0o777)).toEqual([0o700, 0o755])
  })

  test('gives other work a turn of the loop after some hundred packets', async () => {
    const files = Array.from({ length: 20_000 }, (_, index) => symlink(`link${index}`, 'target'))
    let [turn, reports, most] = [0, 0, 0]
    const count = (): void => {
      turn += 1
      reports = 0
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await receive(files, {
      onProgress() {
        reports += 1
        most = Math.max(most, reports)
      },
    })
    clearImmediate(timer)
    // A report comes after 64 packets.
    expect(most).toBeLessThanOrEqual(8)
    expect(turn).toBeGreaterThan(50)
  })

  test('follows no link that lies in the directory', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'outside-'))
    writeFileSync(join(outside, 'b'), 'safe')
    symlinkSync(outside, at('a'))
    symlinkSync(join(outside, 'b'), at('c'))
    await receive([directory('a'), file('a/b', 'x'), file('c', 'x')])
    expect(readFileSync(join(outside, 'b'), 'utf8')).toBe('safe')
    expect(text('a/b')).toBe('x')
    rmSync(outside, { recursive: true })
  })

  test('receives a thousand files while it asks for them', async () => {
    const files = Array.from({ length: 1000 }, (_, index) => file(`f${index}`, `${index}`))
    const { questions } = await receive(files)
    expect(questions).toHaveLength(1000)
    expect(text('f999')).toBe('999')
  })

  test('leaves a file whose transfer broke off to the next time', async () => {
    const broken = [file('a', 'contents')]
    const end = { type: packetType.error, data: new TextEncoder().encode('disk is broken') }
    expect(await messageOf(receive(broken, { extra: [end] }))).toContain(
      'Cannot receive files of the client: the client cannot send them: disk is broken',
    )
    expect((await receive(broken)).questions).toEqual([0])
    expect(text('a')).toBe('contents')
  })

  test('ends with its signal', async () => {
    const abort = new AbortController()
    abort.abort(new Error('enough'))
    expect(await messageOf(receive([], { signal: abort.signal }))).toContain('enough')
  })
})

describe('receiveFiles() refuses', () => {
  const hostile: Readonly<Record<string, readonly ClientFile[]>> = {
    'a path out of the directory': [file('../a', 'x')],
    'a path with `..` inside': [directory('a'), file('a/../b', 'x')],
    'an absolute path': [file('/etc/passwd', 'x')],
    'an empty path': [file('', 'x')],
    'an empty component': [directory('a'), file('a//b', 'x')],
    'a component `.`': [file('./a', 'x')],
    'a trailing slash': [directory('a/')],
    'a NUL': [file('a\0b', 'x')],
    'a name that is too long': [file('n'.repeat(256), 'x')],
    'a name with too many bytes': [file('ü'.repeat(128), 'x')],
    'a file in no directory': [file('a/b', 'x')],
    'a file below a link': [symlink('a', '/'), file('a/b', 'x')],
    'a file below a file': [file('a', 'x'), file('a/b', 'x')],
    'two entries of one name': [file('a', 'x'), symlink('a', '/etc')],
    'a link without a target': [symlink('a', '')],
    'a hard link to what was not sent': [file('a', '', { linkname: '/etc/passwd' })],
    'a hard link to a link': [symlink('a', '/etc/passwd'), file('b', '', { linkname: 'a' })],
    'a hard link to a directory': [directory('a'), file('b', '', { linkname: 'a' })],
    'a negative size': [file('a', 'x', { size: -1 })],
  }
  for (const [name, files] of Object.entries(hostile)) {
    test(name, async () => {
      const error: Error & { asked?: Asked } = await receive(files).then(
        () => new Error('it was accepted'),
        (reason) => reason,
      )
      expect(error.message).toStartWith('Cannot receive files of the client: ')
      expect(error.asked?.errors).toEqual([error.message])
    })
  }

  const data = new TextEncoder().encode('x')
  for (const [name, packet] of [
    ['contents that it did not ask for', { type: packetType.data, id: 7, data }],
    ['contents of a directory', { type: packetType.data, id: 0, data }],
  ] as const) {
    test(name, async () => {
      expect(await messageOf(receive([directory('a')], { extra: [packet] }))).toContain(
        'the client sent a file that it was not asked for',
      )
    })
  }

  test('an end before everything arrived', async () => {
    const extra = [{ type: packetType.end }, { type: packetType.stat }, { type: packetType.end }]
    await receive([file('a', 'x')], { extra })
    expect(text('a')).toBe('x')
  })

  test('a client that does not serve files', async () => {
    await using client = await openClient([unary(Check, async () => ({}))])
    expect(
      await messageOf(receiveFiles(client.session, { name: 'x', directory: place })),
    ).toContain('the client of the build does not serve files')
  })
})

test('receiveFiles() leaves other directories alone when it fails', async () => {
  mkdirSync(at('kept'))
  writeFileSync(at('kept/a'), 'x')
  expect(await messageOf(receive([file('../a', 'x')]))).toContain('Cannot')
  expect(text('kept/a')).toBe('x')
})
