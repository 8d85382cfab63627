import { expect, test } from 'bun:test'
import type { ContainerSettings } from '../model/settings.ts'
import { formatAttributes, logAttributes } from './attributes.ts'

const limits = { driver: 'json-file', maxSize: 1, maxFile: 1 } as const
const digest = `sha256:${'b'.repeat(64)}` as const
const settings = {
  labels: { tier: 'web', other: 'x' },
  env: ['A=1=2', 'B=3'],
  image: { id: digest, digest, chainId: null, reference: 'web:1' },
}

function attributes(log: ContainerSettings['log']): ReturnType<typeof logAttributes> {
  return logAttributes({ id: 'a'.repeat(64), name: 'shop', settings: { ...settings, log } })
}

test('logAttributes() keeps the labels and variables that the options name', () => {
  const log = { ...limits, labels: ['tier', 'absent'], env: ['A', 'C'] }
  expect(attributes(log)).toEqual({ tier: 'web', A: '1=2' })
  expect(attributes(limits)).toBeUndefined()
})

test('logAttributes() has the filled tag, but not for the journal', () => {
  const log = { ...limits, tag: '{{.Name}}/{{.ID}}', labels: ['tier'] }
  expect(attributes(log)).toEqual({ tier: 'web', tag: `shop/${'a'.repeat(12)}` })
  expect(attributes({ ...log, driver: 'journald' })).toEqual({ tier: 'web' })
})

test('formatAttributes() orders and escapes', () => {
  expect(formatAttributes({ b: 'x,y=z', a: '1 2' })).toBe('a=1%202,b=x%2Cy%3Dz')
})
