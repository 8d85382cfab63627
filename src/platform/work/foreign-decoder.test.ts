import { expect, test } from 'bun:test'
import { noise, overwriting } from '../../stream/testing/overwriting.ts'
import { decodeWithProgram } from './foreign-decoder.ts'

async function compressed(program: 'xz' | 'bzip2', bytes: Uint8Array): Promise<Uint8Array> {
  const child = Bun.spawn([program, '-c'], { stdin: bytes, stdout: 'pipe' })
  return new Response(child.stdout).bytes()
}

const content = Buffer.alloc(3_000_000, 'some text that is not the same everywhere \u0001\u0002')

for (const program of ['xz', 'bzip2'] as const) {
  const missing = Bun.which(program) === null
  if (missing) console.info(`skipped: decodeWithProgram() of ${program}: it is not installed`)

  test.skipIf(missing)(`decodeWithProgram() decodes ${program}`, async () => {
    const packed = await compressed(program, content)
    const chunks = await Array.fromAsync(
      decodeWithProgram(program, overwriting(packed, 1000)),
      (chunk) => chunk.slice(),
    )
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
  })

  test.skipIf(missing)(
    `decodeWithProgram() of ${program} waits for the program to read`,
    async () => {
      const large = noise(2_000_000)
      const packed = await compressed(program, large)
      const source = overwriting(packed, 300_000)
      const chunks = await Array.fromAsync(decodeWithProgram(program, source), (each) =>
        each.slice(),
      )
      expect(Buffer.concat(chunks).equals(large)).toBe(true)
    },
  )

  test.skipIf(missing)(`decodeWithProgram() refuses damaged and truncated ${program}`, async () => {
    const packed = await compressed(program, content)
    const damaged = packed.slice()
    damaged[packed.length >> 1] = (damaged[packed.length >> 1] ?? 0) ^ 1
    for (const bad of [damaged, packed.subarray(0, packed.length - 20)]) {
      const reading = Array.fromAsync(decodeWithProgram(program, overwriting(bad, 4096)))
      await expect(reading).rejects.toMatchObject({ code: 'INVALID' })
    }
  })

  test.skipIf(missing)(
    `decodeWithProgram() of ${program} throws the error of its source`,
    async () => {
      const packed = await compressed(program, content)
      const failing = (async function* () {
        yield packed.subarray(0, 100)
        throw new RangeError('the source failed')
      })()
      const reading = Array.fromAsync(decodeWithProgram(program, failing))
      await expect(reading).rejects.toThrow('the source failed')
    },
  )

  test.skipIf(missing)(`decodeWithProgram() ends ${program} when the reader stops`, async () => {
    const packed = await compressed(program, content)
    for await (const chunk of decodeWithProgram(program, overwriting(packed, 1000))) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })
}
