import { describe, expect, test } from 'bun:test'
import { snapshotFinding } from './doctor.ts'

describe('snapshotFinding', () => {
  test('succeeds where the kernel mounts overlays, or does not answer', () => {
    const fine = { state: 'ok', subject: 'snapshots', message: 'layers: because' } as const
    expect(snapshotFinding('layers: because', true)).toEqual(fine)
    expect(snapshotFinding('layers: because', undefined)).toEqual(fine)
  })

  test('fails where it cannot', () => {
    expect(snapshotFinding('layers: because', false)).toMatchObject({
      state: 'failure',
      message: 'the kernel has no overlayfs',
    })
  })
})
