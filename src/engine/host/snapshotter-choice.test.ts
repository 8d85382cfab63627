import { expect, test } from 'bun:test'
import { describeEngine } from '../info.ts'
import { cannotContain, openTestEngine } from '../testing/fixture.ts'
import { findSnapshotter } from './snapshotter-choice.ts'

test('findSnapshotter() prefers the option to the environment', () => {
  expect(findSnapshotter('directory', { STRAKE_SNAPSHOTTER: 'erofs' })).toBe('directory')
  expect(findSnapshotter(undefined, { STRAKE_SNAPSHOTTER: 'erofs' })).toBe('erofs')
  expect(findSnapshotter(undefined, { STRAKE_SNAPSHOTTER: '' })).toBeUndefined()
})

test('findSnapshotter() refuses an unknown kind', () => {
  const message = "Cannot use the snapshotter 'btrfs': expected erofs or directory"
  expect(() => findSnapshotter('btrfs', {})).toThrow(message)
  expect(() => findSnapshotter(undefined, { STRAKE_SNAPSHOTTER: 'btrfs' })).toThrow(message)
  expect(() => findSnapshotter('', {})).toThrow("'': expected")
})

test.skipIf(cannotContain !== undefined)(
  'openEngine() uses the requested snapshots, and info shows that',
  async () => {
    await using engine = await openTestEngine({ snapshotter: 'directory' })
    expect((await engine.snapshots()).kind).toBe('directory')
    expect((await describeEngine(engine)).store).toMatchObject({
      snapshotter: {
        kind: 'directory',
        reason: 'layers are unpacked and stacked by overlayfs, as asked for',
      },
    })
    await using other = await openTestEngine({ env: { STRAKE_SNAPSHOTTER: 'directory' } })
    expect((await other.snapshots()).kind).toBe('directory')
  },
)
