import { expect, test } from 'bun:test'
import { formatPlatform } from '#oci'
import { hostPlatform } from '#platform'
import { parseBuildNetwork, parsePlatforms, parseShellPlace, parseTimestamp } from './request.ts'

test('parseBuildNetwork() reads the networks of RUN', () => {
  expect(['bridge', 'private', 'pasta:-t,none'].map(parseBuildNetwork)).toEqual([
    'default',
    'default',
    'default',
  ])
  expect(['default', 'none', 'host'].map(parseBuildNetwork)).toEqual(['default', 'none', 'host'])
  expect(() => parseBuildNetwork('mine')).toThrow('Cannot build with --network mine:')
})

test('parseTimestamp() reads now and seconds', () => {
  expect(parseTimestamp('now')).toBe('now')
  expect(parseTimestamp('1700000000')).toBe(1_700_000_000)
  for (const text of ['soon', '-1', '1.5']) {
    expect(() => parseTimestamp(text)).toThrow(`Cannot use --timestamp ${text}:`)
  }
})

test('parsePlatforms() reads lists and several flags, each platform once', () => {
  const read = (...texts: string[]) => parsePlatforms(texts)?.map(formatPlatform)
  expect(read()).toBeUndefined()
  expect(read('linux/amd64, linux/arm/v7', 'linux/arm64/v8', 'aarch64')).toEqual([
    'linux/amd64',
    'linux/arm/v7',
    'linux/arm64',
  ])
  expect(read('local')).toEqual([formatPlatform(hostPlatform())])
  for (const text of ['', 'linux/amd64,', 'linux']) {
    expect(() => parsePlatforms([text])).toThrow('Cannot use platform')
  }
})

test('parseShellPlace() reads a stage, a line or both', () => {
  expect(parseShellPlace('app')).toEqual({ stage: 'app' })
  expect(parseShellPlace('app:12')).toEqual({ stage: 'app', line: 12 })
  expect(parseShellPlace(':7')).toEqual({ line: 7 })
  for (const text of ['', 'app:', 'app:x', ':']) {
    expect(() => parseShellPlace(text)).toThrow(`Cannot use --shell ${text}: expected STAGE`)
  }
})
