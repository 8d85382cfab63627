import { sampleIndex } from '#erofs'
import { makeDirectory, removeDirectory, unmount } from '#platform'
import { ownedName } from '../chain/owner-name.ts'
import { mountFiles } from './mount-chain.ts'
import { type ErofsProbe, type ErofsWay, probeErofs, probeWay, type TryMount } from './probe.ts'

/** Mounts an index of one file in the store and reads that file; throws when this does not work. */
const tryMount: TryMount = (chains, way) => {
  const { mkdirSync, readFileSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const sample = sampleIndex()
  const staging = chains.staging(ownedName('active'))
  const target = chains.users.mountPoint(ownedName('view'))
  const [source, device] = [`${staging}/index.erofs`, `${staging}/layer.tar`]
  mkdirSync(staging, { mode: 0o700 })
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
    rmSync(staging, { recursive: true, force: true })
  }
}

/** Finds out how indexes can be mounted, or whether the given way works. */
export function probe(root: string, run: string, way?: ErofsWay): Promise<ErofsProbe> {
  return way === undefined
    ? probeErofs(root, run, tryMount)
    : probeWay(root, run, { way, tryMount })
}
