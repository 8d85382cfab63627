import { expect, test } from 'bun:test'
import { supportedResources } from './supported.ts'

const everything = { swappiness: true, oomKillDisable: true, blockIoWeight: true }
const nothing = { swappiness: false, oomKillDisable: false, blockIoWeight: false }

test('supportedResources() keeps limits that the machine can set', () => {
  const options = { memory: 1e8, memorySwappiness: 5, oomKillDisable: true, blkioWeight: 20 }
  expect(supportedResources(options, () => everything)).toEqual({
    resources: options,
    warnings: [],
  })
})

test('supportedResources() leaves out the others and names each', () => {
  const options = { memory: 1e8, memorySwappiness: 5, oomKillDisable: true, blkioWeight: 20 }
  const { resources, warnings } = supportedResources(options, () => nothing)
  expect(JSON.parse(JSON.stringify(resources))).toEqual({ memory: 1e8 })
  expect(warnings).toEqual([
    expect.stringContaining('swappiness'),
    expect.stringContaining('OOM killer'),
    expect.stringContaining('weights of block IO'),
  ])
})

test('supportedResources() warns of a container that nothing stops from filling memory', () => {
  const { warnings } = supportedResources({ oomKillDisable: true }, () => everything)
  expect(warnings).toEqual([expect.stringContaining('can run out of memory')])
})

test('supportedResources() does not look at the machine without such a limit', () => {
  const options = { memory: 1e8, memorySwappiness: -1 }
  const looked = supportedResources(options, () => {
    throw new Error('it looked')
  })
  expect(looked).toEqual({ resources: options, warnings: [] })
})
