import { sampleIndex } from '#erofs'
import { filesystemOf, makeDirectory, mountTmpfs, removeDirectory, unmount } from '#platform'
import type { ChainFolder } from '../chain/chain-folder.ts'
import { ownedName } from '../chain/owner-name.ts'
import { mountFiles } from './mount-chain.ts'
import { type ErofsProbe, type ErofsWay, probeErofs, probeWay, type TryMount } from './probe.ts'

/**
 * Mounts an index of one file in the store, or in memory beside a read-only store, and
 * reads the file. Throws when that does not work.
 */
const tryMount: TryMount = (chains, way) => {
  const { readFileSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const sample = sampleIndex()
  const target = chains.users.mountPoint(ownedName('view'))
  using staging = makeStaging(chains)
  const [source, device] = [`${staging.path}/index.erofs`, `${staging.path}/layer.tar`]
  try {
    writeFileSync(source, sample.index)
    writeFileSync(device, sample.device)
    makeDirectory(target, 0o700)
    mountFiles(target, { source, devices: [device], way })
    const contents = readFileSync(`${target}/${sample.name}`, 'latin1')
    if (contents !== sample.contents) throw new Error('a file of a mounted index reads wrong')
  } finally {
    unmount(target, { detach: true })
    removeDirectory(target)
  }
}

interface Staging extends Disposable {
  readonly path: string
}

function makeStaging(chains: ChainFolder): Staging {
  const { mkdirSync, rmSync } = process.getBuiltinModule('node:fs')
  if (!filesystemOf(chains.root).isReadOnly) {
    const path = chains.staging(ownedName('active'))
    mkdirSync(path, { mode: 0o700 })
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
  }
  const path = chains.users.mountPoint(ownedName('view'))
  makeDirectory(path, 0o700)
  mountTmpfs(path, { size: sampleSpace })
  return {
    path,
    [Symbol.dispose]() {
      unmount(path, { detach: true })
      removeDirectory(path)
    },
  }
}

/** Bytes. */
const sampleSpace = 1_048_576

/** Finds out how indexes can be mounted, or whether the given way works. */
export function probe(root: string, run: string, way?: ErofsWay): Promise<ErofsProbe> {
  return way === undefined
    ? probeErofs(root, run, tryMount)
    : probeWay(root, run, { way, tryMount })
}
