import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
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
import { chainAbove, type Digest } from '#oci'
import { packTar, type TarInput } from '#tar'
import type { LayerSource, LocalSnapshotter, SnapshotFinding } from '../chain/snapshotter.ts'
import { commitChanges, layerOf, one, packChanges } from './changes.ts'

/** What a suite works on: snapshots that are empty at first, and the same ones as another process sees them. */
export interface SnapshotterFixture extends AsyncDisposable {
  readonly snapshots: LocalSnapshotter
  reopen(): Promise<LocalSnapshotter>
  /** An empty directory for the directories of containers. */
  readonly scratch: string
}

/** The name of a chain that no layers make. */
const noChain = (n: number): Digest => `sha256:${n.toString(16).padStart(64, '0')}`

/** The code of what a call throws. */
async function code(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) =>
    error instanceof Error && 'code' in error ? error.code : error,
  )
}

/** Every implementation of `LocalSnapshotter` passes these; as root. */
export function testSnapshotter(name: string, open: () => Promise<SnapshotterFixture>): void {
  describe(name, () => {
    let fixture: SnapshotterFixture
    let snapshots: LocalSnapshotter
    const chains = new Map<number, Digest>()
    const chain = (n: number): Digest => chains.get(n) ?? noChain(n)
    beforeEach(async () => {
      chains.clear()
      fixture = await open()
      snapshots = fixture.snapshots
    })
    afterEach(() => fixture[Symbol.asyncDispose]())

    /** Commits `n` above `parent` with what `change` does. */
    const commit = async (
      n: number,
      parent: number | null,
      change: (root: string) => void,
    ): Promise<Digest> => {
      await using active = await snapshots.prepare(parent === null ? null : chain(parent))
      change(active.root)
      const chainId = await commitChanges(active)
      chains.set(n, chainId)
      return chainId
    }
    const base = (): Promise<Digest> =>
      commit(1, null, (root) => {
        mkdirSync(`${root}/etc`)
        writeFileSync(`${root}/etc/hosts`, 'localhost')
        writeFileSync(`${root}/etc/passwd`, 'root')
        writeFileSync(`${root}/motd`, 'one')
      })

    test('commit() keeps a filesystem under its chain ID and view() shows it read-only', async () => {
      const chainId = await base()
      expect(await snapshots.has(chainId)).toBe(true)
      await using view = await snapshots.view(chainId)
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
      await using below = await snapshots.view(chain(1))
      await using above = await snapshots.view(chain(2))
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
      await using view = await snapshots.view(chain(3))
      expect(readdirSync(view.root).sort()).toEqual(['etc', 'motd'])
      expect(lstatSync(`${view.root}/motd`).isSymbolicLink()).toBe(true)
      expect(readdirSync(`${view.root}/etc`)).toEqual(['new'])
    })

    test('compare() tells what was added, changed and deleted, to the last byte', async () => {
      const compared = async (before: number | null, after: number): Promise<string[]> => {
        const from = before === null ? null : chain(before)
        const changes = await Array.fromAsync(snapshots.compare(from, chain(after)))
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
        // Written again as it was: other bytes on disk, the same file.
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

    test('upper holds only the changes', async () => {
      await base()
      await using active = await snapshots.prepare(chain(1))
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
      await using active = await snapshots.prepare(chain(1))
      expect(statSync(active.root).mode & 0o777).toBe(0o755)
      expect(statSync(active.root).mtimeMs).toBe(1234567890_000)
      await using view = await snapshots.view(await commitChanges(active))
      expect(statSync(view.root).mtimeMs).toBe(1234567890_000)
    })

    test('disposing an active snapshot discards its changes', async () => {
      await base()
      let root: string
      {
        await using active = await snapshots.prepare(chain(1))
        root = active.root
        writeFileSync(`${root}/gone`, '')
      }
      expect(existsSync(root)).toBe(false)
      {
        await using active = await snapshots.prepare(null)
        root = active.root
        writeFileSync(`${root}/gone`, '')
      }
      expect(existsSync(root)).toBe(false)
      expect(await Array.fromAsync(snapshots.list(), ({ chainId }) => chainId)).toEqual([chain(1)])
    })

    test('commit() of a layer that is there succeeds and keeps the first', async () => {
      await base()
      const other = await fixture.reopen()
      await using one = await snapshots.prepare(chain(1))
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
      await using view = await snapshots.view(chainId)
      expect(['one', 'two']).toContain(readFileSync(`${view.root}/who`, 'utf8'))
      expect(await three.commit(late)).toBe(chainId)
      expect(['one', 'two']).toContain(readFileSync(`${view.root}/who`, 'utf8'))
      const [record] = (await Array.fromAsync(snapshots.list())).filter(
        (each) => each.parent !== null,
      )
      expect(record).toMatchObject({ chainId, parent: chain(1) })
    })

    test('prepare() and view() throw NOT_FOUND for what is not there', async () => {
      expect(await code(snapshots.prepare(chain(9)))).toBe('NOT_FOUND')
      expect(await code(snapshots.view(chain(9)))).toBe('NOT_FOUND')
      expect(await code(snapshots.container(chain(9), `${fixture.scratch}/c`))).toBe('NOT_FOUND')
      expect(await snapshots.has(chain(9))).toBe(false)
      await snapshots.remove(chain(9))
    })

    test('a chain of 30 layers shows the top of each file, hard links and renames included', async () => {
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
      await using view = await snapshots.view(chain(30))
      expect(readFileSync(`${view.root}/counter`, 'utf8')).toBe('30')
      expect(readdirSync(view.root).sort()).toEqual(
        ['counter', 'file-30', ...Array.from({ length: 30 }, (_, n) => `link-${n + 1}`)].sort(),
      )
      expect(await Array.fromAsync(snapshots.list(), ({ chainId }) => chainId)).toHaveLength(30)
    })

    test('container() keeps changes in its directory, over unmounting too', async () => {
      await base()
      const directory = `${fixture.scratch}/c0ffee`
      {
        await using container = await snapshots.container(chain(1), directory)
        expect(statSync(container.root).mode & 0o777).toBe(0o755)
        writeFileSync(`${container.root}/data`, 'kept')
        rmSync(`${container.root}/motd`)
        expect(readdirSync(container.upper).sort()).toEqual(['data', 'motd'])
        await using again = await (await fixture.reopen()).container(chain(1), directory)
        expect(again.root).toBe(container.root)
        expect(readFileSync(`${again.root}/data`, 'utf8')).toBe('kept')
      }
      await using container = await snapshots.container(chain(1), directory)
      expect(readFileSync(`${container.root}/data`, 'utf8')).toBe('kept')
      expect(readdirSync(container.root).sort()).toEqual(['data', 'etc'])
    })

    test('container() gives the root directory what the image says of it', async () => {
      await commit(1, null, (root) => {
        chmodSync(root, 0o711)
        utimesSync(root, 1, 1234567890)
      })
      const other = await fixture.reopen()
      await using container = await other.container(chain(1), `${fixture.scratch}/c`)
      expect(statSync(container.root).mode & 0o7777).toBe(0o711)
      expect(statSync(container.root).mtimeMs).toBe(1234567890_000)
    })

    test('container() lays directories over the image, and works without an image', async () => {
      await base()
      const over = `${fixture.scratch}/over`
      mkdirSync(`${over}/etc`, { recursive: true })
      writeFileSync(`${over}/etc/hosts`, '')
      await using one = await snapshots.container(chain(1), `${fixture.scratch}/one`, {
        overlays: [over],
        volatile: true,
      })
      expect(readFileSync(`${one.root}/etc/hosts`, 'utf8')).toBe('')
      expect(readFileSync(`${one.root}/etc/passwd`, 'utf8')).toBe('root')
      await using two = await snapshots.container(null, `${fixture.scratch}/two`, {
        overlays: [over],
      })
      expect(readdirSync(two.root)).toEqual(['etc'])
      await using three = await snapshots.container(null, `${fixture.scratch}/three`)
      writeFileSync(`${three.root}/file`, '')
    })

    test('container() keeps owner and mode of directories that others are laid over', async () => {
      await commit(1, null, (root) => {
        mkdirSync(`${root}/etc`)
        chmodSync(`${root}/etc`, 0o751)
        chownSync(`${root}/etc`, 5, 6)
        mkdirSync(`${root}/plain`)
      })
      const over = `${fixture.scratch}/over`
      for (const name of ['etc', 'new', 'plain']) mkdirSync(`${over}/${name}`, { recursive: true })
      for (const name of ['etc', 'new', 'plain']) chmodSync(`${over}/${name}`, 0o755)
      const options = { overlays: [over] }
      await using container = await snapshots.container(chain(1), `${fixture.scratch}/c`, options)
      expect(statSync(`${container.root}/etc`)).toMatchObject({ mode: 0o40751, uid: 5, gid: 6 })
      expect(statSync(`${container.root}/new`)).toMatchObject({ mode: 0o40755, uid: 0 })
      expect(readdirSync(container.upper)).toEqual(['etc'])
    })

    test('verify() finds nothing where nothing is wrong, also while it is mounted', async () => {
      await base()
      await commit(2, 1, (root) => writeFileSync(`${root}/motd`, 'two'))
      const findings = (): Promise<SnapshotFinding[]> => Array.fromAsync(snapshots.verify())
      expect(await findings()).toEqual([])
      await using view = await snapshots.view(chain(2))
      expect(await findings()).toEqual([])
      expect(readFileSync(`${view.root}/motd`, 'utf8')).toBe('two')
    })

    test('remove() of several stops at the one that is in use', async () => {
      await base()
      await commit(2, 1, (root) => writeFileSync(`${root}/motd`, 'two'))
      await commit(3, 2, (root) => writeFileSync(`${root}/motd`, 'three'))
      await commit(4, 3, (root) => writeFileSync(`${root}/motd`, 'four'))
      {
        await using _view = await snapshots.view(chain(2))
        const removal = snapshots.remove(chain(4), chain(3), chain(2), chain(1))
        expect(await removal.catch((error) => error)).toMatchObject({ code: 'CONFLICT' })
        const left = await Array.fromAsync(snapshots.list())
        expect(left.map(({ chainId }) => chainId).sort()).toEqual([chain(1), chain(2)].sort())
      }
      await snapshots.remove(chain(2), chain(7), chain(1))
      expect(await Array.fromAsync(snapshots.list())).toEqual([])
    })

    test('remove() refuses what a child stands on or a mount shows, and then removes', async () => {
      await base()
      await commit(2, 1, (root) => writeFileSync(`${root}/x`, ''))
      const refusal = (n: number): Promise<string> =>
        snapshots.remove(chain(n)).then(
          () => 'removed',
          (error: unknown) => String(error),
        )
      expect(await refusal(1)).toContain(`snapshot ${chain(2)} stands on it`)
      for (const use of [
        () => snapshots.view(chain(2)),
        () => snapshots.prepare(chain(2)),
        () => snapshots.container(chain(2), `${fixture.scratch}/user`),
      ]) {
        await using _user = await use()
        expect(await refusal(2)).toContain('uses it')
      }
      expect(await refusal(2)).toBe('removed')
      expect(await refusal(1)).toBe('removed')
      expect(await snapshots.has(chain(1))).toBe(false)
      expect(await Array.fromAsync(snapshots.list())).toEqual([])
    })

    const tarOf = async (
      entries: Iterable<TarInput>,
    ): Promise<LayerSource & { archive: Uint8Array }> => {
      const archive = await packTar(entries)
      return { ...layerOf(archive), archive }
    }
    const text = (value: string): Uint8Array => Buffer.from(value)

    test('importLayer() commits what an archive makes of its parent, from bytes or a file', async () => {
      const first = await tarOf([
        { path: 'etc/hosts', body: text('localhost') },
        { path: 'etc/motd', body: text('one'), mode: 0o4755 },
        { path: 'lib', type: 'symlink', linkpath: 'usr/lib' },
      ])
      const size = first.archive.length
      expect(await snapshots.importLayer(null, first)).toEqual({ entries: 3, size })
      const second = await tarOf([
        { path: 'etc/.wh.hosts' },
        { path: 'lib/file', body: text('through the link') },
        { path: 'also', type: 'hardlink', linkpath: 'etc/motd' },
      ])
      const tar = `${fixture.scratch}/layer.tar`
      writeFileSync(tar, second.archive, { mode: 0o444 })
      await snapshots.importLayer(first.diffId, { ...second, tar })
      await using view = await snapshots.view(chainAbove(first.diffId, second.diffId))
      expect(readdirSync(view.root).sort()).toEqual(['also', 'etc', 'lib', 'usr'])
      expect(readdirSync(`${view.root}/etc`)).toEqual(['motd'])
      expect(readFileSync(`${view.root}/usr/lib/file`, 'utf8')).toBe('through the link')
      expect(lstatSync(`${view.root}/also`).mode).toBe(0o104755)
      expect(readFileSync(tar).equals(second.archive)).toBe(true)
    })

    test('importLayer() keeps a large archive as it is, and one named by SHA-512', async () => {
      const body = Buffer.alloc(3_000_000, 'planking')
      const first = await tarOf([{ path: 'large', body }])
      await snapshots.importLayer(null, { ...first, leastSize: 2 ** 30 })
      const second = await tarOf([{ path: 'small', body: text('x') }])
      const diffId: Digest = `sha512:${createHash('sha512').update(second.archive).digest('hex')}`
      await snapshots.importLayer(first.diffId, { ...second, diffId })
      await using view = await snapshots.view(chainAbove(first.diffId, diffId))
      expect(readFileSync(`${view.root}/large`).equals(body)).toBe(true)
      expect(readFileSync(`${view.root}/small`, 'utf8')).toBe('x')
    })

    test('importLayer() reads nothing of a chain that is there', async () => {
      const chainId = await base()
      let asked = false
      const tar = {
        [Symbol.asyncIterator]: () => {
          asked = true
          return one(new Uint8Array(1024))
        },
      }
      // A lowest layer has the same name as what it makes.
      const layer = { diffId: chainId, tar }
      expect(await snapshots.importLayer(null, layer)).toBeUndefined()
      expect(asked).toBe(false)
    })

    test('importLayer() leaves nothing of bytes with another digest, or of a layer that must not be', async () => {
      const good = await tarOf([{ path: 'x', body: text('x') }])
      const sha512: Digest = `sha512:${'0'.repeat(128)}`
      for (const other of [
        { diffId: noChain(5) },
        { diffId: sha512 },
        // Large enough to be hashed in a thread of its own.
        { diffId: noChain(5), leastSize: 2 ** 30 },
      ]) {
        const lie = snapshots.importLayer(null, { ...good, ...other, tar: one(good.archive) })
        expect(await code(lie)).toBe('DIGEST_INVALID')
      }
      const bad = await tarOf([
        { path: 'x', body: text('x') },
        { path: '../y', body: text('y') },
      ])
      expect(await code(snapshots.importLayer(null, bad))).toBe('INVALID')
      const orphan = await tarOf([])
      expect(await code(snapshots.importLayer(noChain(1), orphan))).toBe('NOT_FOUND')
      expect(await Array.fromAsync(snapshots.list())).toEqual([])
      await snapshots.importLayer(null, await tarOf([{ path: 'x', body: text('x') }]))
      expect(await snapshots.has(good.diffId)).toBe(true)
    })

    test('importLayer() may leave work for later, and what runs above it finds everything', async () => {
      for (let n = 1; n <= 4; n++) {
        const layer = await tarOf([
          { path: `file-${n}`, body: text(`${n}`) },
          { path: 'd', type: 'directory' },
        ])
        const parent = n === 1 ? null : chain(n - 1)
        await snapshots.importLayer(parent, layer, { index: 'later' })
        chains.set(n, chainAbove(parent, layer.diffId))
      }
      const other = await fixture.reopen()
      await using container = await other.container(chain(3), `${fixture.scratch}/c`)
      expect(readdirSync(container.root).sort()).toEqual(['d', 'file-1', 'file-2', 'file-3'])
      const top = await tarOf([{ path: 'd/top', body: text('top') }])
      await other.importLayer(chain(4), top)
      await using view = await snapshots.view(chainAbove(chain(4), top.diffId))
      expect(readdirSync(view.root)).toHaveLength(5)
      expect(readFileSync(`${view.root}/file-4`, 'utf8')).toBe('4')
    })

    test('commit() takes a layer that says the same as the changes', async () => {
      await base()
      const layer = await tarOf([{ path: 'motd', body: text('two') }])
      {
        await using active = await snapshots.prepare(chain(1))
        writeFileSync(`${active.root}/motd`, 'two')
        chains.set(2, await active.commit(layer))
      }
      const third = await tarOf([{ path: 'three', body: text('3') }])
      await snapshots.importLayer(chain(2), third)
      await using view = await snapshots.view(chainAbove(chain(2), third.diffId))
      expect(readFileSync(`${view.root}/motd`, 'utf8')).toBe('two')
      expect(readdirSync(view.root).sort()).toEqual(['etc', 'motd', 'three'])
    })

    test('list() says what each snapshot takes on disk', async () => {
      await commit(1, null, (root) => writeFileSync(`${root}/large`, new Uint8Array(1 << 20)))
      await commit(2, 1, (root) => writeFileSync(`${root}/small`, new Uint8Array(1 << 12)))
      const sizes = new Map(
        await Array.fromAsync(snapshots.list(), ({ chainId, size }) => [chainId, size] as const),
      )
      expect(sizes.get(chain(1))).toBeGreaterThanOrEqual(1 << 20)
      expect(sizes.get(chain(2))).toBeGreaterThanOrEqual(1 << 12)
      expect(sizes.get(chain(2))).toBeLessThan(1 << 19)
    })
  })
}
