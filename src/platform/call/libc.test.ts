import { expect, test } from 'bun:test'
import { check, cString, SystemError, symbols } from './libc.ts'

test('symbols() links C functions by name and system calls by number', () => {
  const c = symbols({
    getpid: { args: [], returns: 'i32' },
    pidOfCall: { syscall: process.arch === 'x64' ? 39 : 172, args: [], returns: 'i64' },
    openat2: { syscall: 437, args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  })
  expect(c().getpid()).toBe(process.pid)
  expect(c().pidOfCall()).toBe(process.pid)
  const how = new BigUint64Array([0o200000n, 0n, 0n])
  const fd = check(c().openat2(-100, cString('/'), how, 24), 'openat2', '/')
  expect(fd).toBeGreaterThan(2)
})

test('check() throws the error of errno, with code, syscall and path', () => {
  const c = symbols({ rmdir: { args: ['ptr'], returns: 'i32' } })
  const call = () =>
    check(c().rmdir(cString('/proc/nowhere/at/all')), 'rmdir', '/proc/nowhere/at/all')
  expect(call).toThrow(SystemError)
  expect(call).toThrow("ENOENT: no such file or directory, rmdir '/proc/nowhere/at/all'")
  expect(() => check(c().rmdir(cString('/proc')), 'rmdir')).toThrow(/^(EBUSY|EPERM|EINVAL)/)
})

test('check() keeps the first errno although the failing call links the table', () => {
  const fresh = symbols({ chdir: { args: ['ptr'], returns: 'i32' } })
  expect(() => check(fresh().chdir(cString('/proc/self/cmdline')), 'chdir')).toThrow('ENOTDIR')
})

test('cString() appends a NUL and refuses one inside', () => {
  expect([...cString('aé')]).toEqual([0x61, 0xc3, 0xa9, 0])
  expect([...cString(new Uint8Array([0xff]))]).toEqual([0xff, 0])
  expect(() => cString('a\0b')).toThrow('Cannot use')
})
