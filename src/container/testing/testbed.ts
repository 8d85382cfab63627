import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { openNetworks } from '#network'
import type { Digest, RunConfig } from '#oci'
import { removeTree } from '#platform'
import { openRecords } from '#records'
import { detectRuntime } from '#runtime'
import { openSnapshots } from '#snapshot'
import { commitChanges } from '../../snapshot/testing/changes.ts'
import type { ContainerContext } from '../model/context.ts'
import type { ContainerImage } from '../model/options.ts'
import { listContainers } from '../model/record.ts'
import { removeContainer } from '../verbs/remove.ts'

const busybox = '/bin/busybox'

/** The reason why tests cannot run containers here; `undefined` if they can. */
export const cannotRun: string | undefined =
  process.getuid?.() !== 0
    ? 'not root'
    : existsSync(busybox)
      ? undefined
      : 'no static busybox at /bin/busybox'

/** A store of its own with one image in it: busybox and nothing else. */
export interface Testbed extends AsyncDisposable {
  readonly context: ContainerContext
  readonly image: ContainerImage
  /** The same file system with another config. */
  imageWith(config: RunConfig): ContainerImage
  /** The image with one more layer, which holds the changes that `change` makes to its root. */
  imageAbove(change: (root: string) => void): Promise<ContainerImage>
}

export async function openTestbed(): Promise<Testbed> {
  const base = mkdtempSync(`${tmpdir()}/strake-container-`)
  const [root, run] = [`${base}/root`, `${base}/run`]
  mkdirSync(root, { mode: 0o700 })
  mkdirSync(run, { mode: 0o700 })
  const records = openRecords(`${root}/strake.db`)
  const snapshots = await openSnapshots(root, run)
  const { runtime } = await detectRuntime({ root: `${run}/runtime`, cache: `${run}/runtimes.json` })
  const networks = openNetworks({ run })
  const monitorCommand = [process.execPath, `${import.meta.dirname}/monitor-program.ts`] as const
  const context: ContainerContext = {
    root,
    run,
    records,
    snapshots,
    networks,
    runtime,
    monitorCommand: [...monitorCommand],
  }
  const chainId = await makeBusybox(context)
  const imageWith = (config: RunConfig): ContainerImage => {
    return { reference: 'busybox', id: chainId, chainId, config: { Env: ['PATH=/bin'], ...config } }
  }
  const image = imageWith({ Cmd: ['sh'] })
  return {
    context,
    image,
    imageWith,
    async imageAbove(change) {
      await using snapshot = await snapshots.prepare(chainId)
      change(snapshot.root)
      return { ...image, chainId: await commitChanges(snapshot) }
    },
    async [Symbol.asyncDispose]() {
      for (const container of listContainers(context)) {
        await removeContainer(context, container.id, { force: true, volumes: true })
      }
      await networks.remove()
      await snapshots.cleanStale()
      records.close()
      await removeTree(base)
    },
  }
}

async function makeBusybox({ snapshots }: ContainerContext): Promise<Digest> {
  await using snapshot = await snapshots.prepare(null)
  const { root } = snapshot
  for (const name of ['bin', 'etc', 'tmp', 'data']) mkdirSync(`${root}/${name}`)
  copyFileSync(busybox, `${root}/bin/busybox`)
  const names = ['sh', 'cat', 'echo', 'env', 'id', 'ls', 'mount', 'sleep', 'stty', 'true', 'wc']
  for (const name of [
    ...names,
    'head',
    'grep',
    'kill',
    'hostname',
    'touch',
    'pwd',
    'false',
    'nc',
    'yes',
    'sort',
    'ps',
    'dd',
    'ip',
  ]) {
    symlinkSync('busybox', `${root}/bin/${name}`)
  }
  writeFileSync(`${root}/etc/passwd`, 'root:x:0:0:root:/root:/bin/sh\nann:x:7:8::/data:/bin/sh\n')
  writeFileSync(`${root}/etc/group`, 'root:x:0:\nann:x:8:\nwheel:x:10:ann\n')
  writeFileSync(`${root}/data/from-image`, 'image\n')
  return await commitChanges(snapshot)
}
