import { expect, test } from 'bun:test'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '../file/files.ts'
import { ownPipeWriter, sharedWriter } from './descriptor-writer.ts'
import { makePipe, readPipe } from './pipe.ts'

const large = new Uint8Array(4_000_000).map((_, index) => index % 251)

async function bytesOf(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes, (chunk) => Uint8Array.from(chunk)))
}

function flagsOf(fd: number): string {
  return /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? ''
}

test('ownPipeWriter() keeps the order of writes that overlap and then closes the pipe', async () => {
  const pipe = makePipe()
  const writer = ownPipeWriter(pipe.write)
  const written = [1, 2, 3].map((value) => writer.write(new Uint8Array(100_000).fill(value)))
  const ended = writer.end()
  const bytes = await bytesOf(readPipe(pipe.read))
  expect(bytes).toEqual(
    Buffer.concat([1, 2, 3].map((value) => new Uint8Array(100_000).fill(value))),
  )
  await Promise.all([...written, ended])
})

test('ownPipeWriter() waits for a reader without occupying a thread', async () => {
  const pipes = Array.from({ length: 16 }, makePipe)
  let waiting = pipes.length
  const written = pipes.map(async ({ write }) => {
    await ownPipeWriter(write).write(large)
    waiting -= 1
  })
  expect((await readFile('/etc/passwd')).length).toBeGreaterThan(0)
  expect(waiting).toBe(pipes.length)
  for (const { read } of pipes)
    expect((await bytesOf(readSome(read, large.length))).equals(large)).toBe(true)
  await Promise.all(written)
})

/** Reads `size` bytes. The writers of these pipes stay open, so the pipes do not end. */
async function* readSome(fd: number, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(65_536)
  for (let left = size; left > 0; ) {
    const count = readSync(fd, buffer)
    left -= count
    yield buffer.subarray(0, count)
    await Bun.sleep(0)
  }
}

test('a writer rejects with EPIPE when no process reads', async () => {
  for (const open of [ownPipeWriter, sharedWriter]) {
    const pipe = makePipe()
    const writer = open(pipe.write)
    const waiting = writer.write(large)
    await Bun.sleep(0)
    closeSync(pipe.read)
    await expect(waiting).rejects.toMatchObject({ code: 'EPIPE' })
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'EPIPE' })
    await writer.end()
  }
})

test('sharedWriter() does not change the blocking mode of a pipe for other processes', async () => {
  const pipe = makePipe()
  const before = flagsOf(pipe.write)
  const writer = sharedWriter(pipe.write)
  const written = writer.write(large)
  expect(flagsOf(pipe.write)).toBe(before)
  const reading = bytesOf(readPipe(pipe.read))
  await written
  await writer.end()
  // The descriptor itself stays open: it belongs to the caller.
  expect(flagsOf(pipe.write)).toBe(before)
  closeSync(pipe.write)
  expect((await reading).equals(large)).toBe(true)
})

test('sharedWriter() rejects with EPIPE when no process reads at the start', async () => {
  const pipe = makePipe()
  closeSync(pipe.read)
  await expect(sharedWriter(pipe.write).write(new Uint8Array(1))).rejects.toMatchObject({
    code: 'EPIPE',
  })
  closeSync(pipe.write)
})

test('sharedWriter() writes to files and rejects with the error of the system', async () => {
  await using directory = await mkdtempDisposable(tmpdir())
  const fd = openSync(`${directory.path}/file`, 'w')
  const writer = sharedWriter(fd)
  await Promise.all([writer.write(large), writer.write(new Uint8Array([7]))])
  expect(readFileSync(`${directory.path}/file`)).toEqual(Buffer.from([...large, 7]))
  closeSync(fd)
  const full = openSync('/dev/full', 'w')
  await expect(sharedWriter(full).write(new Uint8Array(1))).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  closeSync(full)
})
