import { describe, expect, test } from 'bun:test'
import { findNft, runNft } from './nftables.ts'

test('findNft() throws a remedy where nft is not installed', () => {
  expect(() => findNft(['/nowhere/nft'])).toThrow(
    'Cannot write firewall rules: nft is not installed',
  )
})

const canRun = process.getuid?.() === 0 && Bun.which('nft') !== null

describe.skipIf(!canRun)('runNft()', () => {
  test('throws the message of nft for a refused script', () => {
    expect(() => runNft('add nonsense')).toThrow('Cannot write firewall rules: /dev/stdin:1:')
  })

  test('returns the output of nft', () => {
    expect(runNft('list tables')).toBeString()
  })
})
