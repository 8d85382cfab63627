import { expect, test } from 'bun:test'
import type { MissCause } from '#stream'
import { describeCauses, formatPrediction } from './explanation.ts'

const causes: readonly (readonly [string, MissCause])[] = [
  ['no earlier result of it is known', { kind: 'new', subject: 's' }],
  ['the cache is not used for it', { kind: 'uncached', subject: 's' }],
  ['its earlier result is not in the store', { kind: 'lost', subject: 's' }],
  ['this version of strake builds it in another way', { kind: 'builder', subject: 'the builder' }],
  [
    'SOURCE_DATE_EPOCH or --timestamp changed: 1 -> 2',
    { kind: 'time', subject: 'the time', before: '1', after: '2' },
  ],
  [
    'the build argument v changed: 1 -> 2',
    { kind: 'argument', subject: 'v', before: '1', after: '2' },
  ],
  ['the variable e is new: 2', { kind: 'environment', subject: 'e', after: '2' }],
  ['the mount at /t was removed: m', { kind: 'mount', subject: '/t', before: 'm' }],
  ['the base image b changed', { kind: 'base', subject: 'b' }],
  ['[1/2] RUN a has another result', { kind: 'step', subject: '[1/2] RUN a' }],
  [
    'it uses the result of RUN b instead of RUN a',
    { kind: 'step', subject: '[1/2] RUN b', before: 'RUN a', after: 'RUN b' },
  ],
  ['a\\u001b[31m changed', { kind: 'file', subject: 'a\u001b[31m' }],
]

test.each(causes)('describeCauses() returns %p', (sentence, cause) => {
  expect(describeCauses({ causes: [cause], omitted: 0 })).toEqual([sentence])
})

test('describeCauses() counts the causes that are left out', () => {
  expect(describeCauses({ causes: [], omitted: 5 })).toEqual(['5 more differences'])
})

test('formatPrediction() lists every step with its causes, and counts those that would run', () => {
  const file = { kind: 'file', subject: 'a', before: '1', after: '2' } as const
  const below = { kind: 'step', subject: '[2/4] RUN make' } as const
  const text = formatPrediction([
    { name: '[1/4] WORKDIR /', outcome: 'cached', causes: [], omitted: 0 },
    { name: '[2/4] COPY a /', outcome: 'run', causes: [file], omitted: 0 },
    { name: '[3/4] RUN make', outcome: 'unsure', causes: [below], omitted: 0 },
  ])
  expect(text).toBe(`cached     [1/4] WORKDIR /
would run  [2/4] COPY a /
           a changed: 1 -> 2
may run    [3/4] RUN make
           [2/4] RUN make has another result
1 of 3 steps would run, and 1 may run.
`)
})
