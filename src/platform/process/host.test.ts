import { expect, test } from 'bun:test'
import { release, totalmem } from 'node:os'
import {
  bootId,
  cpuCount,
  hostPlatform,
  kernelAtLeast,
  kernelRelease,
  totalMemory,
} from './host.ts'

test('hostPlatform() uses the words of the image specification', () => {
  expect(hostPlatform().os).toBe(process.platform)
  if (process.arch === 'x64') expect(hostPlatform().architecture).toBe('amd64')
})

test('bootId(), kernelRelease(), totalMemory() and cpuCount() return the values of the machine', () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/)
  expect(kernelRelease()).toBe(release())
  expect(totalMemory()).toBe(totalmem())
  expect(cpuCount()).toBeGreaterThan(0)
})

test('kernelAtLeast() compares numbers, not text', () => {
  expect(kernelAtLeast(2, 99, 99)).toBe(true)
  expect(kernelAtLeast(99)).toBe(false)
  const [major = 0, minor = 0] = release().split('.').map(Number)
  expect(kernelAtLeast(major, minor)).toBe(true)
  expect(kernelAtLeast(major, minor + 1)).toBe(false)
})
