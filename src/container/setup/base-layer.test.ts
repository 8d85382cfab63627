import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { makeBaseLayer } from './base-layer.ts'

let run = ''

beforeEach(() => {
  run = mkdtempSync(`${tmpdir()}/strake-base-`)
})

afterEach(() => rmSync(run, { recursive: true, force: true }))

test('makeBaseLayer() makes empty mount points with every umask', () => {
  const own = process.umask(0o077)
  try {
    const layer = makeBaseLayer({ run })
    expect(readdirSync(layer).sort()).toEqual(['.dockerenv', 'dev', 'etc', 'proc', 'sys'])
    const names = ['hostname', 'hosts', 'mtab', 'resolv.conf']
    expect(readdirSync(`${layer}/etc`).sort()).toEqual(names)
    expect(readlinkSync(`${layer}/etc/mtab`)).toBe('/proc/mounts')
    const modeOf = (path: string): number => statSync(`${layer}${path}`).mode & 0o7777
    expect(['', '/dev', '/proc', '/sys', '/etc'].map(modeOf)).toEqual(Array(5).fill(0o755))
    expect(modeOf('/etc/hosts')).toBe(0o644)
    expect(modeOf('/.dockerenv')).toBe(0o755)
    expect(statSync(`${layer}/etc/hosts`).size).toBe(0)
  } finally {
    process.umask(own)
  }
})

test('makeBaseLayer() does not change an existing layer, and leaves no temporary files', () => {
  const layer = makeBaseLayer({ run })
  writeFileSync(`${layer}/mark`, '')
  expect(makeBaseLayer({ run })).toBe(layer)
  expect(readdirSync(layer)).toContain('mark')
  expect(readdirSync(run)).toEqual(['base-layer'])
})
