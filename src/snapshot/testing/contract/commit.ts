import { expect, test } from 'bun:test'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { chainAbove } from '#oci'
import { commitChanges, packChanges } from '../changes.ts'
import { code, type Suite } from './suite.ts'

/** Writing above a parent, and committing. */
export function testCommit(suite: Suite): void {
  const { base, chain, commit } = suite

  test('commit() keeps a filesystem under its chain ID and view() shows it read-only', async () => {
    const chainId = await base()
    expect(await suite.snapshots.has(chainId)).toBe(true)
    await using view = await suite.snapshots.view(chainId)
    expect(readFileSync(`${view.root}/etc/hosts`, 'utf8')).toBe('localhost')
    expect(statSync(view.root).mode & 0o777).toBe(0o755)
    expect(() => writeFileSync(`${view.root}/new`, '')).toThrow('EROFS')
  })

  test('prepare() above a parent shows its files, and commit() leaves the parent as it was', async () => {
    await base()
    await commit(2, 1, (root) => {
      expect(readFileSync(`${root}/motd`, 'utf8')).toBe('one')
      writeFileSync(`${root}/motd`, 'two')
      rmSync(`${root}/etc/hosts`)
    })
    await using below = await suite.snapshots.view(chain(1))
    await using above = await suite.snapshots.view(chain(2))
    expect(readFileSync(`${below.root}/motd`, 'utf8')).toBe('one')
    expect(readFileSync(`${above.root}/motd`, 'utf8')).toBe('two')
    expect(readdirSync(`${below.root}/etc`).sort()).toEqual(['hosts', 'passwd'])
    expect(readdirSync(`${above.root}/etc`)).toEqual(['passwd'])
  })

  test('commit() keeps whiteouts and replaced directories through further layers', async () => {
    await base()
    await commit(2, 1, (root) => {
      rmSync(`${root}/etc`, { recursive: true })
      mkdirSync(`${root}/etc`)
      writeFileSync(`${root}/etc/new`, '')
      rmSync(`${root}/motd`)
      mkdirSync(`${root}/motd`)
    })
    await commit(3, 2, (root) => {
      expect(readdirSync(`${root}/etc`)).toEqual(['new'])
      rmSync(`${root}/motd`, { recursive: true })
      symlinkSync('etc', `${root}/motd`)
    })
    await using view = await suite.snapshots.view(chain(3))
    expect(readdirSync(view.root).sort()).toEqual(['etc', 'motd'])
    expect(lstatSync(`${view.root}/motd`).isSymbolicLink()).toBe(true)
    expect(readdirSync(`${view.root}/etc`)).toEqual(['new'])
  })

  test('upper holds only the changes', async () => {
    await base()
    await using active = await suite.snapshots.prepare(chain(1))
    writeFileSync(`${active.root}/etc/added`, '')
    rmSync(`${active.root}/motd`)
    expect(readdirSync(active.upper).sort()).toEqual(['etc', 'motd'])
    expect(readdirSync(`${active.upper}/etc`)).toEqual(['added'])
    expect(lstatSync(`${active.upper}/motd`).isCharacterDevice()).toBe(true)
    expect(lstatSync(`${active.upper}/motd`).rdev).toBe(0)
  })

  test('prepare() gives the root directory the owner, permissions and time of its parent', async () => {
    await commit(1, null, (root) => {
      mkdirSync(`${root}/x`)
      utimesSync(root, 1, 1234567890)
    })
    await using active = await suite.snapshots.prepare(chain(1))
    expect(statSync(active.root).mode & 0o777).toBe(0o755)
    expect(statSync(active.root).mtimeMs).toBe(1234567890_000)
    await using view = await suite.snapshots.view(await commitChanges(active))
    expect(statSync(view.root).mtimeMs).toBe(1234567890_000)
  })

  test('disposing an active snapshot discards its changes', async () => {
    await base()
    let root: string
    {
      await using active = await suite.snapshots.prepare(chain(1))
      root = active.root
      writeFileSync(`${root}/gone`, '')
    }
    expect(existsSync(root)).toBe(false)
    {
      await using active = await suite.snapshots.prepare(null)
      root = active.root
      writeFileSync(`${root}/gone`, '')
    }
    expect(existsSync(root)).toBe(false)
    expect(await Array.fromAsync(suite.snapshots.list(), ({ chainId }) => chainId)).toEqual([
      chain(1),
    ])
  })

  test('commit() of an existing chain succeeds and keeps the first', async () => {
    await base()
    const other = await suite.reopen()
    await using one = await suite.snapshots.prepare(chain(1))
    await using two = await other.prepare(chain(1))
    writeFileSync(`${one.root}/who`, 'one')
    writeFileSync(`${two.root}/who`, 'two')
    await using three = await other.prepare(chain(1))
    writeFileSync(`${three.root}/who`, 'three')
    const layers = await Promise.all([1, 2, 3].map(() => packChanges(one.upper)))
    const [left, right, late] = [layers[0], layers[1], layers[2]]
    if (left === undefined || right === undefined || late === undefined) throw new RangeError()
    const [chainId] = await Promise.all([one.commit(left), two.commit(right)])
    expect(chainId).toBe(chainAbove(chain(1), left.diffId))
    await using view = await suite.snapshots.view(chainId)
    expect(['one', 'two']).toContain(readFileSync(`${view.root}/who`, 'utf8'))
    expect(await three.commit(late)).toBe(chainId)
    expect(['one', 'two']).toContain(readFileSync(`${view.root}/who`, 'utf8'))
    const [record] = (await Array.fromAsync(suite.snapshots.list())).filter(
      (each) => each.parent !== null,
    )
    expect(record).toMatchObject({ chainId, parent: chain(1) })
  })

  test('prepare() and view() throw NOT_FOUND for an absent snapshot', async () => {
    expect(await code(suite.snapshots.prepare(chain(9)))).toBe('NOT_FOUND')
    expect(await code(suite.snapshots.view(chain(9)))).toBe('NOT_FOUND')
    expect(await code(suite.snapshots.container(chain(9), `${suite.scratch}/c`))).toBe('NOT_FOUND')
    expect(await suite.snapshots.has(chain(9))).toBe(false)
    await suite.snapshots.remove(chain(9))
  })

  test('a chain of 30 layers shows the topmost version of each file, hard links and renames included', async () => {
    await commit(1, null, (root) => {
      writeFileSync(`${root}/counter`, '1')
      writeFileSync(`${root}/file-1`, '')
      linkSync(`${root}/file-1`, `${root}/link-1`)
    })
    for (let n = 2; n <= 30; n++) {
      await commit(n, n - 1, (root) => {
        writeFileSync(`${root}/counter`, `${n}`)
        renameSync(`${root}/file-${n - 1}`, `${root}/file-${n}`)
        linkSync(`${root}/file-${n}`, `${root}/link-${n}`)
      })
    }
    await using view = await suite.snapshots.view(chain(30))
    expect(readFileSync(`${view.root}/counter`, 'utf8')).toBe('30')
    expect(readdirSync(view.root).sort()).toEqual(
      ['counter', 'file-30', ...Array.from({ length: 30 }, (_, n) => `link-${n + 1}`)].sort(),
    )
    expect(await Array.fromAsync(suite.snapshots.list(), ({ chainId }) => chainId)).toHaveLength(30)
  })
}
