import { expect, test } from 'bun:test'
import { symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'
import { sharedWriter } from './descriptor-writer.ts'
import { makePipe, readPipe } from './pipe.ts'
import { spawnProcess } from './process.ts'

const calls = symbols({ fcntl: { args: ['i32', 'i32', 'i64'], returns: 'i32' } })
const getPipeSize = 1032
const sizeOf = (fd: number): number => calls().fcntl(fd, getPipeSize, 0)

const usual = 64 * 1024
const large = 1024 * 1024
const env = { PATH: '/bin:/usr/bin' }

/** Reads what a script prints, and returns the bytes and the size of the pipe after each chunk. */
async function readOutputOf(script: string): Promise<{ size: number; pipe: number }> {
  const { read, write } = makePipe()
  spawnProcess(['sh', '-c', script], { stdio: ['ignore', write, 'ignore'], env })
  closeFile(write)
  let [size, pipe] = [0, 0]
  for await (const chunk of readPipe(read)) {
    size += chunk.length
    pipe = sizeOf(read)
  }
  return { size, pipe }
}

test('readPipe() leaves a pipe as it is that was never full', async () => {
  expect(await readOutputOf('for i in 1 2 3; do echo line; sleep 0.01; done')).toEqual({
    size: 15,
    pipe: usual,
  })
})

test('readPipe() makes a pipe larger that was full, and reads every byte', async () => {
  const size = 20_000_000
  expect(await readOutputOf(`head -c ${size} /dev/zero`)).toEqual({ size, pipe: large })
})

test('sharedWriter() makes a pipe larger for the first chunk that does not fit', async () => {
  const { read, write } = makePipe()
  const writer = sharedWriter(write)
  await writer.write(new Uint8Array(100))
  expect(sizeOf(read)).toBe(usual)
  await writer.write(new Uint8Array(usual + 1))
  expect(sizeOf(read)).toBe(large)
  await writer.end()
  for (const fd of [read, write]) closeFile(fd)
})
