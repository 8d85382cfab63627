import { expect, test } from 'bun:test'
import { createTestContext } from '../testing/fixture.ts'
import { buildRenderer } from './build-renderer.ts'
import { createTestOutput } from './testing/fixture.ts'

test('buildRenderer() redraws only on a terminal that can redraw', () => {
  const drawn = (canRedraw: boolean): string => {
    const err = createTestOutput({ isTerminal: true, canRedraw })
    const renderer = buildRenderer({ ...createTestContext(), err }, 'auto')
    renderer.emit({ type: 'step', id: 'a', name: 'RUN true', state: 'started' })
    renderer.emit({ type: 'step', id: 'a', name: 'RUN true', state: 'done' })
    renderer.finish()
    return err.text
  }
  expect(drawn(true)).toContain('\u001b[')
  expect(drawn(false)).not.toContain('\u001b[')
})

test('buildRenderer() prints nothing for none, and only the image ID for quiet', () => {
  for (const [kind, expected] of [
    ['none', ''],
    ['quiet', 'sha256:1\n'],
  ] as const) {
    const [out, err] = [createTestOutput(), createTestOutput()]
    const renderer = buildRenderer({ ...createTestContext(), out, err }, kind)
    renderer.emit({ type: 'step', id: 'a', name: 'RUN true', state: 'started' })
    renderer.finish()
    renderer.report({ imageId: 'sha256:1', names: ['a'], hasImage: true, pushed: [] })
    expect([kind, out.text, err.text]).toEqual([kind, expected, ''])
  }
})

test('buildRenderer() reports what was written, named and pushed', () => {
  const err = createTestOutput()
  const renderer = buildRenderer({ ...createTestContext(), err }, 'plain')
  const pushed = [{ name: 'h/a:1', digest: 'sha256:2' }]
  renderer.report({ imageId: 'sha256:1', names: ['h/a:1'], hasImage: true, pushed })
  renderer.report({ imageId: '', names: [], hasImage: false, pushed: [], lockFile: 'x/build.lock' })
  expect(err.text).toBe(
    'writing image sha256:1\nnaming to h/a:1\npushed h/a:1@sha256:2\nwriting the lock file x/build.lock\n',
  )
})
