import type { Digest } from './digest.ts'

const roundConstants = /* @__PURE__ */ fractionsOfPrimes(64, 1 / 3)
const initialState = /* @__PURE__ */ fractionsOfPrimes(8, 1 / 2)

/**
 * The SHA-256 of `bytes`, computed in plain TypeScript: for manifests, configs
 * and chain IDs, where a browser has no synchronous hash. Content is hashed by
 * `createHasher` of the stream folder, which is native and far faster.
 *
 * @see https://csrc.nist.gov/pubs/fips/180-4/upd1/final
 */
export function sha256(bytes: Uint8Array | string): Digest {
  const input = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const state = Uint32Array.from(initialState)
  const whole = input.length - (input.length % 64)
  const schedule = new Uint32Array(64)
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  for (let offset = 0; offset < whole; offset += 64) compress(state, schedule, view, offset)
  const tail = paddedTail(input.subarray(whole), input.length)
  const tailView = new DataView(tail.buffer)
  for (let offset = 0; offset < tail.length; offset += 64) {
    compress(state, schedule, tailView, offset)
  }
  return `sha256:${Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')}`
}

/** The last block or two: the rest, a one bit, zeros, the length in bits. */
function paddedTail(rest: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const tail = new Uint8Array(rest.length + 9 > 64 ? 128 : 64)
  tail.set(rest)
  tail[rest.length] = 0x80
  new DataView(tail.buffer).setBigUint64(tail.length - 8, BigInt(length) * 8n)
  return tail
}

function compress(state: Uint32Array, w: Uint32Array, block: DataView, offset: number): void {
  for (let i = 0; i < 16; i++) w[i] = block.getUint32(offset + i * 4)
  for (let i = 16; i < 64; i++) {
    const x = at(w, i - 15)
    const y = at(w, i - 2)
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
    w[i] = (at(w, i - 16) + s0 + at(w, i - 7) + s1) | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(roundConstants, i) + at(w, i)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const result = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = (at(state, i) + at(result, i)) | 0
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function at(words: ArrayLike<number>, index: number): number {
  return words[index] ?? 0
}

/** The first 32 bits of the fractional parts of the first primes' roots: where SHA-2's constants come from. */
function fractionsOfPrimes(count: number, power: number): Uint32Array {
  const fractions = new Uint32Array(count)
  for (let candidate = 2, found = 0; found < count; candidate++) {
    if (!isPrime(candidate)) continue
    const root = candidate ** power
    fractions[found++] = (root - Math.floor(root)) * 2 ** 32
  }
  return fractions
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) return false
  }
  return true
}
