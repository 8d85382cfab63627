import { expect, test } from 'bun:test'
import { refuseLimits } from './refuse-limits.ts'

const never = () => false

test('refuseLimits() names the limit that cannot be set', () => {
  expect(() => refuseLimits({ memory: 1 }, never)).toThrow(
    'Cannot limit memory of a container: this process may not make control groups',
  )
  expect(() => refuseLimits({ cpuShares: 2 }, never)).toThrow('Cannot limit cpu shares of')
  expect(() => refuseLimits({ memory: 1 }, () => true)).not.toThrow()
})

test('refuseLimits() accepts values that mean no limit', () => {
  const nothing = {
    memory: 0,
    memorySwap: -1,
    cpusetCpus: '',
    pids: undefined,
    oomKillDisable: false,
  }
  expect(() => refuseLimits(nothing, never)).not.toThrow()
})
