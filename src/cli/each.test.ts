import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { forEachName } from './each.ts'
import { createTestContext } from './testing/fixture.ts'

test('forEachName() continues after a failure and sets the exit code', async () => {
  const context = createTestContext()
  await forEachName(context, ['a', 'bad', 'c'], async (name) => {
    if (name === 'bad') throw new StrakeError('NOT_FOUND', 'Cannot find bad: there is none')
    return name
  })
  expect(context.out.text).toBe('a\nc\n')
  expect(context.err.text).toBe('strake: Cannot find bad: there is none\n')
  expect(context.exitCode).toBe(1)
})

test('forEachName() stops when the signal aborts', async () => {
  const controller = new AbortController()
  const context = { ...createTestContext(), signal: controller.signal }
  const seen: string[] = []
  const done = forEachName(context, ['a', 'b'], async (name) => {
    seen.push(name)
    controller.abort()
    throw new Error('interrupted')
  })
  await expect(done).rejects.toThrow('interrupted')
  expect(seen).toEqual(['a'])
})
