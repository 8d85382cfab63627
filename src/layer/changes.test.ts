import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { listChanges } from './changes.ts'

test('listChanges() says a directory only when it or something in it was changed', () => {
  const base = mkdtempSync(`${tmpdir()}/strake-changes-`)
  try {
    for (const tree of ['upper', 'lower']) {
      for (const name of ['same', 'deep/same', 'later', 'inside']) {
        mkdirSync(`${base}/${tree}/${name}`, { recursive: true })
      }
    }
    writeFileSync(`${base}/upper/inside/new`, '')
    for (const tree of ['upper', 'lower']) {
      for (const name of ['same', 'deep/same', 'deep', 'later', 'inside']) {
        utimesSync(`${base}/${tree}/${name}`, 5, 5)
      }
    }
    utimesSync(`${base}/upper/later`, 6, 6)
    expect([...listChanges(`${base}/upper`, `${base}/lower`)]).toEqual([
      { path: 'inside', kind: 'changed' },
      { path: 'inside/new', kind: 'added' },
      { path: 'later', kind: 'changed' },
    ])
  } finally {
    rmSync(base, { recursive: true })
  }
})
