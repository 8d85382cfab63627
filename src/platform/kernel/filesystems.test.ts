import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { kernelMounts } from './filesystems.ts'

describe.if(process.getuid?.() === 0)('kernelMounts', () => {
  test('is true for every file system that the kernel lists', () => {
    const listed = readFileSync('/proc/filesystems', 'utf8')
    for (const type of ['proc', 'tmpfs', 'overlay']) {
      if (new RegExp(`\\t${type}$`, 'm').test(listed)) expect(kernelMounts(type)).toBe(true)
    }
  })

  test('is false for an unknown file system', () => {
    expect(kernelMounts('no-such-filesystem')).toBe(false)
  })

  test('leaves no descriptor open', () => {
    kernelMounts('tmpfs')
    const before = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 8; i++) kernelMounts('tmpfs')
    expect(readdirSync('/proc/self/fd')).toHaveLength(before)
  })
})
