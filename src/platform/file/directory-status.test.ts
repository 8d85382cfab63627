import { expect, test } from 'bun:test'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { copyDirectoryStatus } from './directory-status.ts'
import * as treeCalls from './root.ts'

const isRoot = process.getuid?.() === 0

test.skipIf(!isRoot)(
  `copyDirectoryStatus() copies owner, permissions, time and attributes, except those of overlayfs${isRoot ? '' : ' (skipped: needs root)'}`,
  () => {
    const home = mkdtempSync(`${tmpdir()}/strake-status-test-`)
    try {
      mkdirSync(`${home}/from`)
      mkdirSync(`${home}/to`)
      const from = treeCalls.openRoot(`${home}/from`)
      for (const name of ['user.note', 'user.overlay.opaque', 'trusted.overlay.opaque']) {
        treeCalls.setAttribute(from, Buffer.from(name), Buffer.from('y'))
      }
      treeCalls.closeDescriptor(from)
      chmodSync(`${home}/from`, 0o1751)
      utimesSync(`${home}/from`, 1, 1234567890)
      copyDirectoryStatus(`${home}/from`, `${home}/to`)
      const copied = lstatSync(`${home}/to`)
      expect(copied.mode & 0o7777).toBe(0o1751)
      expect(copied.mtimeMs).toBe(1234567890_000)
      const to = treeCalls.openRoot(`${home}/to`)
      expect(treeCalls.listAttributes(to).map((name) => Buffer.from(name).toString())).toEqual([
        'user.note',
      ])
      treeCalls.closeDescriptor(to)
    } finally {
      rmSync(home, { recursive: true })
    }
  },
)
