import { expect, test } from 'bun:test'
import type { PortableStep } from '#build'
import { sha256 } from '#oci'
import { mergeSteps } from './merge.ts'

const step = (name: string, ...platforms: string[]): PortableStep => ({
  key: sha256(name).slice('sha256:'.length),
  facts: { layer: { diffId: sha256(`layer ${name}`), size: 1 }, platforms },
  blob: { mediaType: 'x', digest: sha256(`blob ${name}`), size: 1 },
})
const options = { hasDetails: false, mounts: [] }
const keysOf = ({ config }: ReturnType<typeof mergeSteps>) =>
  Object.fromEntries(config.records.map(({ digest, step: own }) => [digest, own?.platforms]))

test('mergeSteps() keeps the steps of other platforms and drops old ones of its own', () => {
  const arm = mergeSteps([step('old', 'linux/arm64'), step('common', 'linux/arm64')], [], options)
  const both = mergeSteps(
    [step('common', 'linux/amd64'), step('new', 'linux/amd64')],
    [arm],
    options,
  )
  expect(keysOf(both)).toEqual({
    [sha256('old')]: ['linux/arm64'],
    [sha256('common')]: ['linux/amd64', 'linux/arm64'],
    [sha256('new')]: ['linux/amd64'],
  })
  expect([...both.blobs.keys()].sort()).toEqual(
    ['old', 'common', 'new'].map((name) => sha256(`blob ${name}`)).sort(),
  )
  const again = mergeSteps([step('newer', 'linux/arm64')], [both], options)
  expect(keysOf(again)).toEqual({
    [sha256('common')]: ['linux/amd64'],
    [sha256('new')]: ['linux/amd64'],
    [sha256('newer')]: ['linux/arm64'],
  })
})
