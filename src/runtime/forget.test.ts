import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mountBind } from '#platform'
import { forget, openRuntime } from './runtime.ts'

test.skipIf(process.getuid?.() !== 0)(
  'forget() unmounts what a killed runtime has mounted',
  async () => {
    const root = mkdtempSync(`${tmpdir()}/strake-forget-`)
    try {
      const state = `${root}/gone`
      mkdirSync(state)
      writeFileSync(`${state}/runc.x`, '')
      mountBind('/bin/true', `${state}/runc.x`)
      await forget(openRuntime({ name: 'runc', path: '/bin/false', version: '1', root }), 'gone')
      expect(existsSync(state)).toBe(false)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
)
