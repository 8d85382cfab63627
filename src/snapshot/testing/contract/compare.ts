import { expect, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { code, type Suite } from './suite.ts'

/** Comparing and listing. */
export function testCompare(suite: Suite): void {
  const { chain, commit } = suite

  test('compare() yields what was added, changed and deleted, to the last byte', async () => {
    const compared = async (before: number | null, after: number): Promise<string[]> => {
      const from = before === null ? null : chain(before)
      const changes = await Array.fromAsync(suite.snapshots.compare(from, chain(after)))
      return changes.map(({ kind, path }) => `${kind} ${path}`)
    }
    await commit(1, null, (root) => {
      for (const name of ['a', 'gone', 'kind']) mkdirSync(`${root}/${name}`)
      for (const name of ['a/same', 'a/body', 'a/mode', 'gone/x', 'z']) {
        writeFileSync(`${root}/${name}`, name)
        utimesSync(`${root}/${name}`, 1, 1234567890)
      }
      symlinkSync('z', `${root}/link`)
      utimesSync(`${root}/a`, 1, 1234567890)
    })
    await commit(2, 1, (root) => {
      writeFileSync(`${root}/a/body`, 'A/BODY')
      utimesSync(`${root}/a/body`, 1, 1234567890)
      chmodSync(`${root}/a/mode`, 0o600)
      // Written again: other blocks on disk, but an equal file.
      rmSync(`${root}/a/same`)
      writeFileSync(`${root}/a/same`, 'a/same')
      utimesSync(`${root}/a/same`, 1, 1234567890)
      utimesSync(`${root}/a`, 1, 1234567890)
      rmSync(`${root}/gone`, { recursive: true })
      rmSync(`${root}/kind`, { recursive: true })
      writeFileSync(`${root}/kind`, '')
      mkdirSync(`${root}/new/below`, { recursive: true })
    })
    expect(await compared(1, 2)).toEqual([
      'changed a/body',
      'changed a/mode',
      'deleted gone',
      'changed kind',
      'added new',
      'added new/below',
    ])
    expect(await compared(2, 1)).toContain('added gone/x')
    expect(await compared(2, 2)).toEqual([])
    const added = ['a', 'a/body', 'a/mode', 'a/same', 'gone', 'gone/x', 'kind', 'link', 'z']
    expect(await compared(null, 1)).toEqual(added.map((path) => `added ${path}`))
    expect(await code(compared(1, 9))).toBe('NOT_FOUND')
  })

  test('list() yields the size of each snapshot on disk', async () => {
    await commit(1, null, (root) => writeFileSync(`${root}/large`, new Uint8Array(1 << 20)))
    await commit(2, 1, (root) => writeFileSync(`${root}/small`, new Uint8Array(1 << 12)))
    const sizes = new Map(
      await Array.fromAsync(
        suite.snapshots.list(),
        ({ chainId, size }) => [chainId, size] as const,
      ),
    )
    expect(sizes.get(chain(1))).toBeGreaterThanOrEqual(1 << 20)
    expect(sizes.get(chain(2))).toBeGreaterThanOrEqual(1 << 12)
    expect(sizes.get(chain(2))).toBeLessThan(1 << 19)
  })
}
