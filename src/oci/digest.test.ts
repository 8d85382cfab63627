import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { chainId, chainIds } from './chain-id.ts'
import { type Digest, digestAlgorithm, digestHex, isDigest, parseDigest } from './digest.ts'
import { sha256 } from './sha256.ts'

const hex = 'a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4'

test('parseDigest() accepts the three algorithms at their lengths', () => {
  for (const [algorithm, length] of [
    ['sha256', 64],
    ['sha384', 96],
    ['sha512', 128],
  ] as const) {
    const digest = parseDigest(`${algorithm}:${'0f'.repeat(length / 2)}`)
    expect(digestAlgorithm(digest)).toBe(algorithm)
    expect(digestHex(digest)).toBe('0f'.repeat(length / 2))
  }
})

test('parseDigest() refuses every other text, with the reason', () => {
  const reasons: Record<string, string> = {
    '': 'it is not of the form algorithm:hex',
    [hex]: 'it is not of the form algorithm:hex',
    'sha256:': 'sha256 has 64 digits, not 0',
    [`sha256:${hex.slice(1)}`]: 'sha256 has 64 digits, not 63',
    [`sha256:${hex}0`]: 'sha256 has 64 digits, not 65',
    [`sha256:${hex.toUpperCase()}`]: 'only the digits 0-9 and a-f are allowed',
    [`sha256:${hex.slice(1)}\n`]: 'only the digits 0-9 and a-f are allowed',
    [`sha256:${'../'.repeat(21)}x`]: 'only the digits 0-9 and a-f are allowed',
    [`SHA256:${hex}`]: 'the algorithm is not sha256, sha384, sha512',
    'md5:d41d8cd98f00b204e9800998ecf8427e': 'the algorithm is not sha256, sha384, sha512',
    [`sha256+b64:${hex}`]: 'the algorithm is not sha256, sha384, sha512',
  }
  for (const [text, reason] of Object.entries(reasons)) {
    expect(() => parseDigest(text)).toThrow(`Cannot use digest ${JSON.stringify(text)}: ${reason}`)
  }
})

test('isDigest() refuses every text that could change a path or URL', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `sha256:${text}`),
      ),
      (text) => {
        return !isDigest(text) || /^sha(?:256|384|512):[0-9a-f]+$/.test(text)
      },
    ),
  )
})

test('sha256() agrees with the native hash at every padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(sha256(bytes)).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    }),
    { numRuns: 400 },
  )
  expect(sha256('')).toEndWith('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256('abc')).toEndWith(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

test('sha256() reads a view at its own offset', () => {
  const whole = new TextEncoder().encode('xxabcxx')
  expect(sha256(whole.subarray(2, 5))).toBe(sha256('abc'))
})

test('chainId() hashes the parent chain and the layer, separated by a space', () => {
  const [a, b, c]: Digest[] = [sha256('a'), sha256('b'), sha256('c')]
  if (a === undefined || b === undefined || c === undefined) throw new TypeError('unreachable')
  expect(chainId([a])).toBe(a)
  expect(chainId([a, b])).toBe(sha256(`${a} ${b}`))
  expect(chainId([a, b, c])).toBe(sha256(`${chainId([a, b])} ${c}`))
  expect(chainIds([a, b, c])).toEqual([a, chainId([a, b]), chainId([a, b, c])])
  expect(chainIds([])).toEqual([])
})
