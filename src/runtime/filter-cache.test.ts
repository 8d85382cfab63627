import { expect, test } from 'bun:test'
import { extendFilter } from './filter-cache.ts'

/** Runs a filter like the kernel, for the instructions in these tests. */
function evaluate(filter: Uint8Array, call: { arch: number; nr: number }): number {
  const view = new DataView(filter.buffer)
  let accumulator = 0
  for (let index = 0; ; index++) {
    const offset = index * 8
    const [code, value] = [view.getUint16(offset, true), view.getUint32(offset + 4, true)]
    const [yes, no] = [view.getUint8(offset + 2), view.getUint8(offset + 3)]
    if (code === 0x20) accumulator = value === 0 ? call.nr : call.arch
    else if (code === 0x15) index += accumulator === value ? yes : no
    else if (code === 0x35) index += accumulator >= value ? yes : no
    else return value
  }
}

const refuse = 0x00050001
const allow = 0x7fff0000
const absent = 0x00050026
/** A filter that refuses everything. */
const base = new Uint8Array([0x06, 0, 0, 0, 0x01, 0, 0x05, 0])

test('extendFilter() returns ENOSYS for system calls newer than the list and keeps the rest', () => {
  const filter = extendFilter(base, 'x64')
  const at = (nr: number, arch = 0xc000003e): number => evaluate(filter, { nr, arch })
  expect([0, 165, 450].map((nr) => at(nr))).toEqual([refuse, refuse, refuse])
  expect([451, 452, 458].map((nr) => at(nr))).toEqual([allow, allow, allow])
  expect([459, 460, 461].map((nr) => at(nr))).toEqual([refuse, refuse, refuse])
  expect([462, 466].map((nr) => at(nr))).toEqual([allow, allow])
  expect([467, 500, 100_000].map((nr) => at(nr))).toEqual([absent, absent, absent])
})

test('extendFilter() does not change the calls of other architectures', () => {
  const filter = extendFilter(base, 'x64')
  expect(evaluate(filter, { nr: 500, arch: 0x40000003 })).toBe(refuse)
  expect(evaluate(filter, { nr: 0x40000000 + 500, arch: 0xc000003e })).toBe(refuse)
  expect(extendFilter(base, 'riscv64')).toBe(base)
})
