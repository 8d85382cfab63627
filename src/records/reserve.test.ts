import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { sha256 } from '#oci'
import { mountTmpfs, unmount } from '#platform'
import { openRecords, type Records } from './records.ts'

const disk = `${tmpdir()}/strake-reserve-test-${process.pid}`
const path = `${disk}/strake.db`
const rooted = process.getuid?.() === 0 ? test : test.skip
const target = { mediaType: 'text/plain', digest: sha256('x'), size: 1 }

beforeAll(() => mkdirSync(disk))
afterAll(() => rmSync(disk, { recursive: true }))

function fill(): void {
  const block = new Uint8Array(4096)
  for (let free = statfsSync(disk).bavail; free > 0; free = statfsSync(disk).bavail) {
    writeFileSync(`${disk}/fill`, block, { flag: 'a' })
  }
}

function onFullDisk(work: () => void, whileOpen?: (records: Records) => void): void {
  mountTmpfs(disk, { size: 4 * 1024 * 1024 })
  try {
    using records = disposable(openRecords(path))
    records.tags.set('a', target, 'test')
    records.keepRoom()
    if (whileOpen === undefined) records.close()
    fill()
    whileOpen?.(records)
    work()
  } finally {
    unmount(disk, { detach: true })
  }
}

function disposable(records: Records): Records & Disposable {
  return Object.assign(records, { [Symbol.dispose]: () => records.close() })
}

rooted('openRecords() opens, reads and removes on a completely full disk', () => {
  onFullDisk(() => {
    using records = disposable(openRecords(path))
    expect(records.tags.list().map(({ name }) => name)).toEqual(['a'])
    expect(records.tags.remove('a', 'test')).toBe(true)
    expect(records.tags.list()).toEqual([])
  })
})

rooted('transaction() finds space when the disk fills up during it', () => {
  onFullDisk(
    () => {},
    (records) => {
      for (let count = 0; count < 3; count++) {
        records.transaction(() => {
          records.tags.set(`b${count}`, target, 'test')
          records.tags.remove(`b${count}`, 'test')
        })
      }
      expect(existsSync(`${disk}/reserve`)).toBe(false)
    },
  )
})

rooted('close() creates the reserve again, so that every command has one', () => {
  onFullDisk(() => {
    for (const name of ['b', 'c', 'd']) {
      const records = openRecords(path)
      records.tags.set(name, target, 'test')
      records.tags.remove(name, 'test')
      records.close()
      expect(existsSync(`${disk}/reserve`)).toBe(true)
      fill()
    }
  })
})

rooted('guardRoom() keeps the reserve for commands that remove', () => {
  onFullDisk(() => {
    const records = openRecords(path)
    records.guardRoom()
    expect(existsSync(`${disk}/reserve`)).toBe(true)
    for (let count = 0; count < 100; count++) {
      try {
        records.cache.put(`${count}`, 'x'.repeat(10_000))
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNAVAILABLE' })
      }
    }
    records.close()
    expect(existsSync(`${disk}/reserve`)).toBe(true)
  })
})

rooted('openRecords() frees caches when another process has spent the reserve', () => {
  onFullDisk(() => {
    rmSync(`${disk}/reserve`)
    writeFileSync(`${disk}/cache`, new Uint8Array(200_000))
    fill()
    const freeCaches = (): boolean => {
      if (!existsSync(`${disk}/cache`)) return false
      rmSync(`${disk}/cache`)
      return true
    }
    using records = disposable(openRecords(path, { freeCaches }))
    expect(records.tags.remove('a', 'test')).toBe(true)
  })
})

rooted('keepRoom() reserves nothing on a nearly full disk', () => {
  mountTmpfs(disk, { size: 1024 * 1024 })
  try {
    using records = disposable(openRecords(path))
    records.keepRoom()
    expect(existsSync(`${disk}/reserve`)).toBe(false)
  } finally {
    unmount(disk, { detach: true })
  }
})
