import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { progressLines } from './progress.ts'

test('progressLines() yields progress as it comes, then the last lines', async () => {
  const lines = await Array.fromAsync(
    progressLines(async (emit) => {
      emit({
        type: 'transfer',
        id: 'sha256:0123456789abcdef',
        action: 'download',
        current: 1,
        total: 2,
      })
      await Promise.resolve()
      emit({
        type: 'transfer',
        id: 'sha256:0123456789abcdef',
        action: 'download',
        current: 2,
        done: true,
      })
      return [{ status: 'end' }]
    }),
  )
  expect(lines).toEqual([
    { status: 'Downloading', progressDetail: { current: 1, total: 2 }, id: '0123456789ab' },
    { status: 'Download complete', progressDetail: {}, id: '0123456789ab' },
    { status: 'end' },
  ])
})

test('progressLines() ends with the failure as a line', async () => {
  const lines = await Array.fromAsync(
    progressLines(async () => {
      throw new StrakeError('MANIFEST_UNKNOWN', 'Cannot pull x: unknown')
    }),
  )
  expect(lines).toEqual([
    { errorDetail: { message: 'Cannot pull x: unknown' }, error: 'Cannot pull x: unknown' },
  ])
})
