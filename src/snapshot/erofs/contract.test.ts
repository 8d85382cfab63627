import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { filesystemType, kernelAtLeast, mountsBelow, unmount } from '#platform'
import { openSnapshots } from '../open.ts'
import { type SnapshotterFixture, testSnapshotter } from '../testing/contract.ts'
import type { ErofsWay } from './probe.ts'

const isRoot = process.getuid?.() === 0
const homes: string[] = []

async function open(parent: string, way: ErofsWay): Promise<SnapshotterFixture> {
  const home = mkdtempSync(`${parent}/strake-erofs-test-`)
  homes.push(home)
  const [root, run, scratch] = [`${home}/root`, `${home}/run`, `${home}/scratch`]
  mkdirSync(scratch)
  const again = () => openSnapshots(root, run, { kind: 'erofs', way })
  return {
    snapshots: await again(),
    reopen: again,
    scratch,
    [Symbol.asyncDispose]: async () => removeAll(home),
  }
}

function removeAll(home: string): void {
  for (const { target } of mountsBelow(home)) unmount(target, { detach: true })
  expect(mountsBelow(home)).toEqual([])
  rmSync(home, { recursive: true, force: true })
}
afterAll(() => homes.forEach(removeAll))

const noLoop = isRoot && existsSync('/dev/loop-control') ? '' : ' (skipped: needs loop devices)'
if (noLoop === '') testSnapshotter('ErofsSnapshots over loop devices', () => open(tmpdir(), 'loop'))
else test.skip(`ErofsSnapshots over loop devices passes the contract${noLoop}`, () => {})

const mountsFiles = isRoot && kernelAtLeast(6, 12, 2)
if (mountsFiles) testSnapshotter('ErofsSnapshots over memory', () => open(tmpdir(), 'memory'))
else
  test.skip('ErofsSnapshots over memory passes the contract (skipped: needs Linux 6.12.2)', () => {})

/** A directory on a filesystem whose files can be mounted. */
const disk = ['/var/tmp', '/tmp', process.cwd()].find(
  (path) => existsSync(path) && !['tmpfs', 'overlay'].includes(filesystemType(path)),
)
if (mountsFiles && disk !== undefined)
  testSnapshotter('ErofsSnapshots over files', () => open(disk, 'file'))
else
  test.skip('ErofsSnapshots over files passes the contract (skipped: needs Linux 6.12.2)', () => {})
