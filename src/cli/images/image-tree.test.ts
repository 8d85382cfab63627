import { expect, test } from 'bun:test'
import { formatImageTree } from './image-tree.ts'

const sizes = { diskUsage: 2_500_000, contentSize: 1_000, isUsed: false }

test('formatImageTree() shows platforms below their image, and every name', () => {
  const text = formatImageTree([
    { ...sizes, id: `sha256:${'a'.repeat(64)}`, names: ['one:1', 'one:2'], platforms: [] },
    {
      ...sizes,
      isUsed: true,
      id: `sha256:${'b'.repeat(64)}`,
      names: [],
      platforms: [
        { ...sizes, id: `sha256:${'c'.repeat(64)}`, platform: 'linux/amd64', isPresent: true },
        {
          ...{ id: `sha256:${'d'.repeat(64)}`, platform: 'linux/arm64', isPresent: false },
          ...{ diskUsage: 0, contentSize: 0, isUsed: false },
        },
      ],
    },
  ])
  expect(text.split('\n')).toEqual([
    'IMAGE                ID             DISK USAGE   CONTENT SIZE   EXTRA',
    'one:1',
    'one:2                aaaaaaaaaaaa        2.5MB            1kB',
    '',
    '<untagged>           bbbbbbbbbbbb        2.5MB            1kB   U',
    '├─ linux/amd64       cccccccccccc        2.5MB            1kB',
    '└─ linux/arm64       dddddddddddd           0B             0B',
    '',
    '',
  ])
})
