import { describe, expect, test } from 'bun:test'
import type { Results } from './results.ts'
import { formatTime, renderResults, renderTable } from './table.ts'

const results: Results = {
  machine: 'Linux 6.18, 2 processors, 24 GiB; stores on tmpfs',
  tools: { strake: '0.1.0', docker: '26.1.5', podman: 'not measured: there is none' },
  rows: [
    {
      name: 'build',
      goal: 400,
      cells: {
        strake: {
          samples: [
            { milliseconds: 500, peakBytes: 100e6 },
            { milliseconds: 300, peakBytes: 301e6 },
            { milliseconds: 350, peakBytes: 90e6 },
          ],
        },
        docker: { samples: [{ milliseconds: 2800, peakBytes: 200e6 }] },
      },
    },
    { name: 'push', cells: { docker: { reason: 'it\nended' } } },
    {
      name: 'build, otherwise',
      comparedWith: { row: 'build' },
      cells: { strake: { samples: [{ milliseconds: 700, peakBytes: 1 }] } },
    },
    {
      name: 'build, faster',
      comparedWith: { row: 'build', ratio: 1.1 },
      cells: { strake: { samples: [{ milliseconds: 385, peakBytes: 1 }] } },
    },
    {
      name: 'build, with more',
      comparedWith: { row: 'build', more: 60 },
      cells: { strake: { samples: [{ milliseconds: 411, peakBytes: 1 }] } },
    },
  ],
  equal: [{ what: 'files', values: { strake: 'abc', docker: 'abd' } }],
  weights: [{ after: 'build', bytes: { strake: 5e6 } }],
}

describe('renderResults', () => {
  const text = renderResults('In memory', results)

  test('renderResults prints the medians, their ratio and the goal in one line', () => {
    expect(text).toContain('| build | 350 ms | 2.80 s |  | 0.125 |  | 400 ms | yes |')
  })

  test('renderResults compares a row with the one it names', () => {
    expect(text).toContain('Of strake alone:\n- build, otherwise / build: 2.000\n')
    expect(text).toContain('- build, faster / build: 1.100 (goal 1.1: yes)\n')
    expect(text).toContain('- build, with more / build: 1.174, 61 ms more (goal 60 ms: no)\n\n')
  })

  test('renderResults explains an empty cell', () => {
    expect(text).toContain('- push: Docker: it ended')
    expect(text).toContain('- Podman: not measured: there is none')
  })

  test('renderResults prints the largest memory of all runs', () => {
    expect(text).toContain('| build | 301 | 200 |  | no |')
  })

  test('renderResults warns when compared results differ', () => {
    expect(text).toContain('| files | abc | abd |  | NO |')
  })

  test('renderResults shows the size of stores', () => {
    expect(text).toContain('| build | 5 |  |  |')
  })
})

test('renderTable aligns everything but the first column to the right', () => {
  expect(renderTable(['a', 'b'], [['x', '1']])).toBe('| a | b |\n| --- | --: |\n| x | 1 |')
})

test.each([
  [undefined, ''],
  [9.26, '9.3 ms'],
  [350.4, '350 ms'],
  [1620, '1.62 s'],
  [22_480, '22.5 s'],
])('formatTime writes %p as %p', (milliseconds, text) => {
  expect(formatTime(milliseconds)).toBe(text)
})
