import { expect, test } from 'bun:test'
import { join } from 'node:path'

const program = join(import.meta.dir, 'testing/stress.ts')
const node = join(import.meta.dir, '../../node_modules/.bin/node')

for (const [name, runtime] of [
  ['Bun', process.execPath],
  ['Node', node],
] as const) {
  test(`24 connections at once, half of them in calls, carry every byte on ${name}`, async () => {
    const { stdout, stderr, exited } = Bun.spawn([runtime, program], {
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: 60_000,
    })
    const [text, errors, code] = await Promise.all([
      new Response(stdout).text(),
      new Response(stderr).text(),
      exited,
    ])
    expect({ text, errors: code === 0 ? '' : errors }).toEqual({ text: 'ok\n', errors: '' })
  }, 60_000)
}
