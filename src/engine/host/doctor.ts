import { statfs } from 'node:fs/promises'
import { isStrakeError, type StrakeError } from '#oci'
import {
  canChown,
  canMount,
  findNft,
  inUserNamespace,
  isRoot,
  isSystemError,
  kernelAtLeast,
  kernelMounts,
  kernelRelease,
  pathExists,
} from '#platform'
import { cgroupMode, type RuntimeProgram } from '#runtime'
import type { Engine } from '../engine.ts'
import { describeDamage } from '../facts.ts'
import { findRuntime, installedRuntimes } from './find-runtime.ts'
import { namespaceRefusal } from './namespace-refusal.ts'
import type { ClosedStore, Roots } from './roots.ts'
import { missingFixes } from './runtime-fixes.ts'

/** The result of one check. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'failure'
  readonly subject: string
  readonly message: string
  readonly remedy?: string | undefined
}

/** Checks everything that strake needs of this machine. Changes nothing. */
export async function examine(engine: Engine | ClosedStore): Promise<readonly Finding[]> {
  const checks = [checkUser, checkStore, checkSpace, checkKernel, checkRuntime, checkNetwork]
  const findings: Finding[] = []
  for (const check of checks) findings.push(...(await check(engine)))
  return findings
}

async function checkUser(): Promise<readonly Finding[]> {
  if (canMount() && canChown()) {
    const message = inUserNamespace() ? 'root of a user namespace: rootless' : 'root'
    return [{ state: 'ok', subject: 'user', message }]
  }
  const refusal = namespaceRefusal()
  const user = refusal === undefined ? 'not root' : `not root, and ${refusal}`
  const who = isRoot() ? 'root that may not mount or change owners' : user
  return [
    {
      state: 'warning',
      subject: 'user',
      message: `${who}: images can be pulled, pushed, copied and served, but not built with RUN or run`,
      remedy: isRoot() ? 'give its container CAP_SYS_ADMIN and CAP_CHOWN' : 'sudo strake doctor',
    },
  ]
}

async function checkStore(engine: Engine | ClosedStore): Promise<readonly Finding[]> {
  if ('problem' in engine) return [failure('store', engine.problem)]
  const { records, root } = engine
  const problems = records.verify()
  const damage = describeDamage({ records })
  if (damage !== undefined) problems.push(damage)
  if (records.isReadOnly) return [readOnly(root)]
  if (problems.length === 0) return [{ state: 'ok', subject: 'store', message: root }]
  const remedy = 'strake system check --repair'
  return problems.map((message) => ({ state: 'failure', subject: 'store', message, remedy }))
}

function readOnly(root: string): Finding {
  const message = `${root} is on a read-only file system: nothing can be changed`
  const remedy = 'mount it read-write, or choose another place with --root'
  return { state: 'failure', subject: 'store', message, remedy }
}

function failure(subject: string, { message, remedy }: StrakeError): Finding {
  return { state: 'failure', subject, message, remedy }
}

/** In bytes. With less free space, a pull of an ordinary image may fail. */
const scarce = 2 * 1024 ** 3

async function checkSpace({ root }: Roots): Promise<readonly Finding[]> {
  // The store could not be made.
  if (!pathExists(root)) return []
  const { bavail, bsize, ffree, files } = await statfs(root)
  const free = bavail * bsize
  const gigabytes = `${(free / 1024 ** 3).toFixed(1)} GiB free`
  if (files > 0 && ffree < files / 100) {
    return [
      { state: 'warning', subject: 'space', message: 'the file system is almost out of inodes' },
    ]
  }
  if (free >= scarce) return [{ state: 'ok', subject: 'space', message: gigabytes }]
  return [{ state: 'warning', subject: 'space', message: gigabytes, remedy: 'strake system prune' }]
}

async function checkKernel(engine: Engine | ClosedStore): Promise<readonly Finding[]> {
  const release = kernelRelease()
  const kernel: Finding = kernelAtLeast(5, 11)
    ? { state: 'ok', subject: 'kernel', message: release }
    : { state: 'failure', subject: 'kernel', message: `${release} is too old; 5.11 is needed` }
  if ('problem' in engine) return [kernel]
  const { kind, reason } = await engine.snapshots()
  return [kernel, snapshotFinding(`${kind}: ${reason}`, kernelMounts('overlay'))]
}

/** `overlay` is the answer of `kernelMounts`, which is unknown without root. */
export function snapshotFinding(how: string, overlay: boolean | undefined): Finding {
  if (overlay !== false) return { state: 'ok', subject: 'snapshots', message: how }
  return {
    state: 'failure',
    subject: 'snapshots',
    message: 'the kernel has no overlayfs',
    remedy: 'modprobe overlay',
  }
}

async function checkRuntime(engine: Engine | ClosedStore): Promise<readonly Finding[]> {
  try {
    const { runtime, reason } = await ('problem' in engine ? findRuntime(engine) : engine.runtime())
    const what = `${runtime.name} ${runtime.version}: ${reason}`
    const others = (await installedRuntimes(engine)).filter(({ path }) => path !== runtime.path)
    return [
      { state: 'ok', subject: 'runtime', message: `${what}, cgroups ${cgroupMode()}` },
      ...[runtime, ...others].flatMap(describeFixes),
    ]
  } catch (error) {
    if (isStrakeError(error)) return [failure('runtime', error)]
    // The directory for the state of runtimes cannot be made.
    if (!isSystemError(error)) throw error
    return [{ state: 'failure', subject: 'runtime', message: error.message }]
  }
}

function describeFixes({ name, version }: RuntimeProgram): readonly Finding[] {
  return missingFixes(name, version).map((fix) => ({
    state: 'warning',
    subject: 'runtime',
    message: `${name} ${version} may lack the fix of ${fix}`,
    remedy: `update ${name}; distributions often backport fixes without a new version`,
  }))
}

async function checkNetwork(): Promise<readonly Finding[]> {
  try {
    findNft()
    return [{ state: 'ok', subject: 'network', message: 'nftables is installed' }]
  } catch {
    return [
      {
        state: 'failure',
        subject: 'network',
        message: 'nft is missing: containers have no bridge network and no published ports',
        remedy: 'apt-get install nftables',
      },
    ]
  }
}
