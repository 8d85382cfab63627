import { expect, test } from 'bun:test'
import type { Descriptor } from './descriptor.ts'
import { mediaType } from './media-type.ts'
import { formatPlatform, parsePlatform } from './platform.ts'
import { matchPlatform, refusePlatform } from './platform-match.ts'
import { sha256 } from './sha256.ts'

test('parsePlatform() returns one spelling for every platform', () => {
  const spellings: Record<string, string> = {
    'linux/amd64': 'linux/amd64',
    'linux/x86_64': 'linux/amd64',
    'Linux/X86-64': 'linux/amd64',
    'linux/amd64/v1': 'linux/amd64',
    'linux/amd64/v3': 'linux/amd64/v3',
    'linux/aarch64': 'linux/arm64',
    'linux/arm64/v8': 'linux/arm64',
    'linux/arm64/8': 'linux/arm64',
    'linux/arm': 'linux/arm/v7',
    'linux/arm/6': 'linux/arm/v6',
    'linux/armhf': 'linux/arm/v7',
    'linux/armel': 'linux/arm/v6',
    'linux/i386': 'linux/386',
    arm64: 'linux/arm64',
    'macos/arm64': 'darwin/arm64',
    'linux/s390x': 'linux/s390x',
  }
  for (const [typed, normal] of Object.entries(spellings)) {
    expect(formatPlatform(parsePlatform(typed))).toBe(normal)
  }
  expect(parsePlatform('windows(10.0.17763.1)/amd64')).toEqual({
    os: 'windows',
    architecture: 'amd64',
    'os.version': '10.0.17763.1',
  })
})

test('parsePlatform() refuses other text', () => {
  for (const typed of [
    '',
    'linux',
    'linux/',
    '/amd64',
    'linux/amd64/v1/x',
    'a b/c',
    'linux/../x',
  ]) {
    expect(() => parsePlatform(typed)).toThrow(
      expect.objectContaining({ code: 'INVALID', remedy: expect.stringContaining('linux/arm64') }),
    )
  }
})

function entry(platform?: string, extra: Partial<Descriptor> = {}): Descriptor {
  const [os = '', architecture = '', variant] = platform?.split('/') ?? []
  return {
    mediaType: mediaType.ociManifest,
    digest: sha256(`${platform}${JSON.stringify(extra)}`),
    size: 1,
    ...(platform !== undefined && {
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
    }),
    ...extra,
  }
}

const cases: readonly (readonly [wanted: string, offered: readonly string[], chosen?: string])[] = [
  ['linux/amd64', ['linux/arm64', 'linux/amd64'], 'linux/amd64'],
  ['linux/amd64', ['linux/arm64', 'windows/amd64']],
  ['linux/amd64', ['linux/amd64/v2']],
  ['linux/amd64/v3', ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'], 'linux/amd64/v2'],
  ['linux/amd64/v4', ['linux/amd64'], 'linux/amd64'],
  ['linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
  ['linux/arm/v7', ['linux/arm/v8']],
  ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
  ['linux/arm64', ['linux/arm64/v8'], 'linux/arm64/v8'],
  ['linux/arm64', ['linux/arm/v7']],
  ['linux/s390x', ['linux/s390x'], 'linux/s390x'],
  ['linux/amd64', ['unknown/unknown', 'linux/x86_64'], 'linux/x86_64'],
]

for (const [wanted, offered, chosen] of cases) {
  test(`matchPlatform() for ${wanted} among ${offered} returns ${chosen ?? 'nothing'}`, () => {
    const candidates = offered.map((platform) => entry(platform))
    const expected = candidates.find((_, index) => offered[index] === chosen)
    expect(matchPlatform(parsePlatform(wanted), candidates)).toBe(expected)
  })
}

test('matchPlatform() returns the first of equal manifests and skips attestations', () => {
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' }
  const [attestation, first, second] = [
    entry('linux/amd64', { annotations }),
    entry('linux/amd64', { size: 2 }),
    entry('linux/amd64', { size: 3 }),
  ]
  const chosen = matchPlatform(parsePlatform('linux/amd64'), [attestation, first, second])
  expect(chosen).toBe(first)
})

test('matchPlatform() returns a manifest without a platform only if it is the only one', () => {
  const wanted = parsePlatform('linux/amd64')
  const unnamed = entry()
  expect(matchPlatform(wanted, [unnamed, entry('unknown/unknown')])).toBe(unnamed)
  expect(matchPlatform(wanted, [unnamed, entry(undefined, { size: 9 })])).toBeUndefined()
})

test('matchPlatform() requires the same Windows build, and no missing feature', () => {
  const platform = { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.3' }
  const wanted = parsePlatform('windows(10.0.17763.1)/amd64')
  const other = entry(undefined, { platform: { ...platform, 'os.version': '10.0.20348.1' } })
  const same = entry(undefined, { platform })
  expect(matchPlatform(wanted, [other, same])).toBe(same)
  const featured = entry(undefined, { platform: { ...platform, 'os.features': ['win32k'] } })
  expect(matchPlatform(wanted, [featured])).toBeUndefined()
})

test('refusePlatform() lists the platforms when none fits', () => {
  const offered = ['linux/arm64/v8', 'windows/amd64', 'unknown/unknown'].map((name) => entry(name))
  expect(refusePlatform(parsePlatform('linux/amd64'), offered, 'app:1').message).toBe(
    'Cannot use app:1 on linux/amd64: it is made for linux/arm64, windows/amd64',
  )
})

test('parsePlatform() takes a single word only for a known architecture', () => {
  for (const word of ['foo', 'amd', 'x64', 'arm65']) {
    expect(() => parsePlatform(word)).toThrow(
      `Cannot use platform "${word}": unknown operating system or architecture`,
    )
  }
  expect(formatPlatform(parsePlatform('aarch64'))).toBe('linux/arm64')
  expect(formatPlatform(parsePlatform('riscv64'))).toBe('linux/riscv64')
  expect(formatPlatform(parsePlatform('linux/foo'))).toBe('linux/foo')
})
