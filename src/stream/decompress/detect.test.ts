import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { type Compression, detectCompression, detectLength } from './detect.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

test.each<[Compression, string]>([
  ['none', ''],
  ['none', '1f'],
  ['none', '2e2f0000000000'],
  // A tar whose first entry has the name `]`.
  ['none', '5d0000000000000000'],
  // Names of files in a tar that begin like a compression.
  ['none', '425a697000'],
  ['none', 'fd377a585a2e'],
  ['none', '504b2e740000'],
  ['gzip', '1f8b0800'],
  ['zstd', '28b52ffd'],
  ['zstd', '502a4d18'],
  ['zstd', '5f2a4d18'],
  ['zstd', '5a2a4d18'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a6839'],
  ['compress', '1f9d90'],
  ['lzma', '5d0000800000ff'],
  ['lzma', '5d0000000400ff'],
  ['lz4', '04224d18'],
  ['lzip', '4c5a495001'],
  ['lzop', '894c5a4f00'],
  ['zip', '504b0304'],
  ['7z', '377abcaf271c'],
])('detectCompression() recognizes %s in %s', (expected, hex) => {
  expect(detectCompression(bytes(hex).subarray(0, detectLength))).toBe(expected)
})

test.each<[Compression, string, string[]]>([
  ['lz4', 'lz4', ['-c']],
  ['lzma', 'xz', ['--format=lzma', '-c']],
  ['lzma', 'xz', ['--format=lzma', '-9', '-c']],
  ['xz', 'xz', ['-c']],
])('detectCompression() recognizes the %s of the program %s', (expected, program, args) => {
  const { stdout, error } = spawnSync(program, args, { input: Buffer.alloc(100_000, 'text ') })
  if (error !== undefined) return
  expect(detectCompression(stdout)).toBe(expected)
})
