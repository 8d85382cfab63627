import { expect, test } from 'bun:test'
import { decodeConfig, encodeConfig } from './bundle-file.ts'
import { createBundleConfig } from './config.ts'

test('encodeConfig() writes a limit of -1 as the number that means no limit', () => {
  const trap = '"soft":-1,"hard":-1}'
  const config = createBundleConfig({
    id: 'a',
    root: '/',
    cwd: '/',
    network: 'none',
    args: [trap],
    env: [`A=${trap}`],
    user: { uid: 0, gid: 0, additionalGids: [], home: '/' },
    rlimits: [
      { type: 'RLIMIT_MEMLOCK', soft: -1, hard: -1 },
      { type: 'RLIMIT_NOFILE', soft: 10, hard: -1 },
    ],
  })
  const text = encodeConfig(config)
  expect(text.match(/18446744073709551615/g)).toHaveLength(3)
  expect(text).toContain('"soft":10,"hard":18446744073709551615')
  expect(decodeConfig(text)).toEqual(config)
})
