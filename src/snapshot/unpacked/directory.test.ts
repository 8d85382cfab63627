import { afterAll, expect, test } from 'bun:test'
import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { chainIds, type Digest, digestHex, sha256 } from '#oci'
import { mountsBelow, readMounts, unmount } from '#platform'
import type { Snapshotter } from '../chain/snapshotter.ts'
import { openSnapshots } from '../open.ts'
import { commitChanges, packChanges } from '../testing/changes.ts'
import { type SnapshotterFixture, testSnapshotter } from '../testing/contract.ts'
import { DirectorySnapshots } from './directory.ts'

const isRoot = process.getuid?.() === 0
const reason = isRoot ? '' : ' (skipped: mounting needs root)'
const base = `${tmpdir()}/strake-snapshot-test-${process.pid}`
let count = 0

async function open(): Promise<SnapshotterFixture & { root: string; run: string }> {
  const home = `${base}/${count++}`
  const [root, run, scratch] = [`${home}/root`, `${home}/run`, `${home}/scratch`]
  mkdirSync(scratch, { recursive: true })
  return {
    snapshots: await openSnapshots(root, run, { kind: 'directory' }),
    reopen: () => openSnapshots(root, run, { kind: 'directory' }),
    scratch,
    root,
    run,
    [Symbol.asyncDispose]: async () => removeAll(home),
  }
}

function removeAll(home: string): void {
  for (const { target } of mountsBelow(home)) unmount(target, { detach: true })
  expect(mountsBelow(home)).toEqual([])
  rmSync(home, { recursive: true, force: true })
}
afterAll(() => removeAll(base))

/** Commits an empty filesystem without a parent. */
async function commitEmpty(snapshots: Snapshotter): Promise<Digest> {
  await using first = await snapshots.prepare(null)
  return await commitChanges(first)
}

if (isRoot) testSnapshotter('DirectorySnapshots', open)
else test.skip(`DirectorySnapshots passes the contract${reason}`, () => {})

test.skipIf(!isRoot)(
  `a container's mount is found by the other kind of snapshots${reason}`,
  async () => {
    await using fixture = await open()
    const { snapshots, root, run, scratch } = fixture
    const chainId = await commitEmpty(snapshots)
    const directory = `${scratch}/c`
    const mounted = await snapshots.container(chainId, directory)
    const other = await openSnapshots(root, run)
    const same = await other.container(chainId, directory)
    expect(same.root).toBe(mounted.root)
    await same[Symbol.asyncDispose]()
    expect(mountsBelow(run).map(({ target }) => target)).not.toContain(mounted.root)
    await snapshots.remove(chainId)
  },
)

test.skipIf(!isRoot)(`DirectorySnapshots leaves no mount and no note behind${reason}`, async () => {
  await using fixture = await open()
  const { snapshots, root, run, scratch } = fixture
  const parent = await commitEmpty(snapshots)
  await using second = await snapshots.prepare(parent)
  const layer = await packChanges(second.upper)
  const child = await second.commit(layer)
  {
    await using _view = await snapshots.view(child)
    await using _single = await snapshots.view(parent)
    await using _container = await snapshots.container(child, `${scratch}/c`)
    await using _abandoned = await snapshots.prepare(child)
    expect(readdirSync(`${run}/users`)).toHaveLength(4)
  }
  expect(mountsBelow(fixture.scratch.replace(/scratch$/, ''))).toEqual([])
  expect(readdirSync(`${run}/users`)).toEqual([])
  expect(readdirSync(`${run}/mounts`)).toEqual([])
  expect(readdirSync(`${root}/staging`)).toEqual([])
  const folder = `${root}/chains/${digestHex(child)}`
  expect(readdirSync(folder).sort()).toEqual(['parents', 'tree'])
  expect(readFileSync(`${folder}/parents`, 'utf8')).toBe(`${parent}\n${layer.diffId}\n`)
})

test.skipIf(!isRoot)(
  `cleanStale() removes what a killed process has left, and nothing of a live one${reason}`,
  async () => {
    await using fixture = await open()
    const { snapshots, root, run } = fixture
    await using first = await snapshots.prepare(null)
    writeFileSync(`${first.root}/file`, '')
    const chainId = await commitChanges(first)
    const code = `
    import { openSnapshots } from ${JSON.stringify(`${import.meta.dirname}/../open.ts`)}
    const snapshots = await openSnapshots(${JSON.stringify(root)}, ${JSON.stringify(run)}, { kind: 'directory' })
    await snapshots.prepare(${JSON.stringify(chainId)})
    await snapshots.prepare(null)
    await snapshots.view(${JSON.stringify(chainId)})
    console.log('ready')
    process.kill(process.pid, 'SIGKILL')`
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => child.once('exit', resolve))
    await using mine = await snapshots.prepare(chainId)
    await using view = await snapshots.view(chainId)
    mkdirSync(`${root}/trash/half-removed/x`, { recursive: true })
    expect(readdirSync(`${run}/mounts`)).toHaveLength(4)
    // Two mounts, two stagings, one trash, two notes.
    expect(await snapshots.cleanStale()).toBe(7)
    expect(await snapshots.cleanStale()).toBe(0)
    expect(readdirSync(`${run}/mounts`)).toHaveLength(2)
    expect(readdirSync(`${root}/staging`)).toHaveLength(1)
    expect(existsSync(`${mine.root}/file`)).toBe(true)
    expect(existsSync(`${view.root}/file`)).toBe(true)
    await commitChanges(mine)
  },
)

test.skipIf(!isRoot)(`DirectorySnapshots lets only root enter its folders${reason}`, async () => {
  await using fixture = await open()
  const { snapshots, root, run } = fixture
  await using first = await snapshots.prepare(null)
  spawnSync('mknod', [`${first.root}/zero`, 'c', '1', '5'])
  spawnSync('cp', ['/usr/bin/id', `${first.root}/id`])
  spawnSync('chmod', ['4755', `${first.root}/id`])
  spawnSync('chmod', ['666', `${first.root}/zero`])
  const chainId = await commitChanges(first)
  expect(statSync(root).mode & 0o777).toBe(0o700)
  expect(statSync(`${root}/chains`).mode & 0o777).toBe(0o700)
  expect(statSync(`${run}/mounts`).mode & 0o777).toBe(0o700)
  // Through a shell: setpriv keeps its capabilities until it has executed a program.
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups']
  const asNobody = (command: string) =>
    spawnSync('setpriv', [...user, 'sh', '-c', command], { encoding: 'utf8' })
  await using view = await snapshots.view(chainId)
  await using active = await snapshots.prepare(chainId, { use: 'unpack' })
  const tree = `${root}/chains/${digestHex(chainId)}/tree`
  for (const place of [view.root, active.root, tree]) {
    expect(statSync(`${place}/id`).mode & 0o7777).toBe(0o4755)
    expect(asNobody(`${place}/id`).stderr).toContain('Permission denied')
    expect(asNobody(`ls ${place}`).stderr).toContain('Permission denied')
  }
  for (const place of [view.root, active.root]) {
    expect(() => readFileSync(`${place}/zero`)).toThrow('EACCES')
    const mount = readMounts().findLast(({ target }) => target === place)
    expect(mount?.options).toEqual(expect.arrayContaining(['nosuid', 'nodev']))
  }
})

test.skipIf(!isRoot)(`commit() refuses while a process still uses the mount${reason}`, async () => {
  await using fixture = await open()
  await using active = await fixture.snapshots.prepare(await commitEmpty(fixture.snapshots))
  const layer = await packChanges(active.upper)
  const child = spawn('sleep', ['60'], { cwd: active.root })
  await new Promise((resolve) => child.once('spawn', resolve))
  const outcome = await active.commit(layer).catch((error: unknown) => String(error))
  expect(outcome).toContain('a process still uses it')
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(await fixture.snapshots.has(await active.commit(layer))).toBe(true)
})

test.skipIf(!isRoot)(
  `container() recovers a volatile mount that a crash left dirty${reason}`,
  async () => {
    await using fixture = await open()
    const { snapshots, scratch } = fixture
    const chainId = await commitEmpty(snapshots)
    const crashed = await snapshots.container(chainId, `${scratch}/c`, { volatile: true })
    writeFileSync(`${crashed.root}/data`, '1')
    unmount(crashed.root)
    await using again = await snapshots.container(chainId, `${scratch}/c`, { volatile: true })
    expect(readFileSync(`${again.root}/data`, 'utf8')).toBe('1')
    mkdirSync(`${scratch}/other/c`, { recursive: true })
    const clash = await snapshots
      .container(chainId, `${scratch}/other/c`)
      .catch((e: unknown) => String(e))
    expect(clash).toContain('another filesystem is mounted')
  },
)

test.skipIf(!isRoot)(
  `prepare() refuses more layers than the kernel can stack, with a reason${reason}`,
  async () => {
    await using fixture = await open()
    const { snapshots, root } = fixture
    const diffIds = Array.from({ length: 481 }, (_, n) => sha256(Buffer.from(`${n}`)))
    const top = chainIds(diffIds).at(-1) ?? 'sha256:'
    const folder = `${root}/chains/${digestHex(top)}`
    mkdirSync(`${folder}/tree`, { recursive: true })
    writeFileSync(`${folder}/parents`, diffIds.map((diffId) => `${diffId}\n`).join(''))
    const refusal = await snapshots.prepare(top).catch((error: unknown) => String(error))
    expect(refusal).toContain('it has 481 layers, more than the 480 that can be stacked')
    expect(readdirSync(`${root}/staging`)).toEqual([])
  },
)

test.skipIf(!isRoot)(
  `DirectorySnapshots keeps its mounts out of other mount namespaces${reason}`,
  async () => {
    await using fixture = await open()
    const { snapshots, root, run } = fixture
    mkdirSync(run)
    const shared = fixture.scratch.replace(/scratch$/, 'shared')
    mkdirSync(shared)
    spawnSync('mount', ['--bind', shared, shared])
    spawnSync('mount', ['--make-shared', shared])
    const inside = new DirectorySnapshots(`${root}`, `${shared}/run`)
    const chainId = await commitEmpty(inside)
    await using second = await inside.prepare(chainId)
    const mounts = mountsBelow(`${shared}/run`)
    expect(mounts.map(({ target }) => target)).toContain(second.root)
    expect(mounts.every((each) => !each.shared)).toBe(true)
    expect(await snapshots.has(chainId)).toBe(true)
  },
)
