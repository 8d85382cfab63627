import { expect, test } from 'bun:test'
import { checkRlimits } from './rlimits.ts'

const text = `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    unlimited            bytes
Max open files            1024                 4096                 files
`
const limit = (type: string, hard: number) => [{ type, soft: 0, hard }] as const

test('checkRlimits() refuses to raise a hard limit without the right to', () => {
  const check = (type: string, hard: number) => () =>
    checkRlimits(limit(type, hard), { text, mayRaise: false })
  expect(check('RLIMIT_NOFILE', 4096)).not.toThrow()
  expect(check('RLIMIT_CORE', -1)).not.toThrow()
  const message = 'Cannot raise the limit nofile above 4096: this process lacks CAP_SYS_RESOURCE'
  expect(check('RLIMIT_NOFILE', 4097)).toThrow(message)
  expect(check('RLIMIT_NOFILE', -1)).toThrow(message)
})

test('checkRlimits() lets a process with the right raise them', () => {
  expect(() => checkRlimits(limit('RLIMIT_NOFILE', -1), { text, mayRaise: true })).not.toThrow()
})
