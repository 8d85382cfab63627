import { describe, expect, test } from 'bun:test'
import { findNft, runNft } from './nftables.ts'

test('findNft() says what to do where nft is not installed', () => {
  expect(() => findNft(['/nowhere/nft'])).toThrow(
    'Cannot write firewall rules: nft is not installed',
  )
})

const canRun = process.getuid?.() === 0 && Bun.which('nft') !== null

describe.skipIf(!canRun)('runNft()', () => {
  test('it throws what nft said about a script it refused', () => {
    expect(() => runNft('add nonsense')).toThrow('Cannot write firewall rules: /dev/stdin:1:')
  })

  test('it returns what nft printed', () => {
    expect(runNft('list tables')).toBeString()
  })
})
