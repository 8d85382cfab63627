import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { runCommand } from '../process/process.ts'
import { makeDirectoriesWithMode, writeFileWithMode } from './exact-mode.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-mode-`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

function modeOf(path: string): number {
  return statSync(`${base}/${path}`).mode & 0o7777
}

for (const umask of [0o077, 0o000, 0o777]) {
  test(`modes do not depend on the umask ${umask.toString(8)}`, async () => {
    mkdirSync(`${base}/there`, { mode: 0o700 })
    const own = process.umask(umask)
    try {
      writeFileWithMode(`${base}/file`, 'x', 0o644)
      makeDirectoriesWithMode(`${base}/there/a/b`, 0o755)
      makeDirectoriesWithMode(`${base}/there`, 0o755)
      await runCommand(['mkdir', `${base}/child`])
      expect(process.umask()).toBe(umask)
    } finally {
      process.umask(own)
    }
    expect(['file', 'there', 'there/a', 'there/a/b', 'child'].map(modeOf)).toEqual([
      0o644, 0o700, 0o755, 0o755, 0o755,
    ])
  })
}
