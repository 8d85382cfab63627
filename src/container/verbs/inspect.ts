import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Descriptor } from '#oci'
import { isSystemError } from '#platform'
import { anonymousVolume, volumeData } from '#volume'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { readJson } from '../model/state.ts'
import { type HealthState, readHealth } from '../observe/health.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import type { ResolvedMount } from '../setup/volumes.ts'

/** All facts about a container. */
export interface ContainerDetails extends Container {
  readonly isRunning: boolean
  /** Absent without health checks. */
  readonly health?: HealthState | undefined
  /** The mounts of the last start, or those of the first one to come. */
  readonly mounts: readonly ResolvedMount[]
  /** The directory with its bundle, its changes and its files of `/etc`. */
  readonly directory: string
  /** Absent without a log. */
  readonly log?: string | undefined
  /** The kind of snapshots below its root. */
  readonly snapshotter: string
  readonly runtime: string
  /** Processes that `exec` started and that still run. */
  readonly execs: readonly string[]
  /** The platform of the image; absent when the image was removed. */
  readonly manifest?: Descriptor | undefined
}

/** Throws `NOT_FOUND`. */
export function inspectContainer(context: ContainerContext, nameOrId: string): ContainerDetails {
  return describeContainer(context, getContainer(context, nameOrId))
}

/** The facts about a container that was read already. */
export function describeContainer(
  context: ContainerContext,
  container: Container,
): ContainerDetails {
  const { directory, log, run } = containerPaths(context, container.id)
  return {
    ...container,
    isRunning: isRunning(container),
    health: readHealth(context, container),
    mounts: readMounts(directory) ?? foreseeMounts(context, container),
    directory,
    log: ['none', 'journald'].includes(container.settings.log.driver) ? undefined : log,
    snapshotter: context.snapshots.kind,
    runtime: runtimeOf(context, container).name,
    execs: isRunning(container) ? readExecs(run) : [],
    manifest: readManifest(context, container),
  }
}

/** Returns `undefined` for a container that has not started yet. */
function readMounts(directory: string): readonly ResolvedMount[] | undefined {
  const document: { mounts?: readonly ResolvedMount[] } | undefined = readJson(
    `${directory}/mounts.json`,
  )
  return document?.mounts
}

/** The mounts that a container will have, as far as they are known before its first start. */
function foreseeMounts(
  context: ContainerContext,
  { id, settings }: Container,
): readonly ResolvedMount[] {
  return settings.mounts.map(({ type: kind, source, destination, readOnly, propagation }) => {
    const shared = { kind, destination, readOnly, propagation, point: 'directory' as const }
    if (kind === 'tmpfs') return { ...shared, type: 'tmpfs', source: kind, anonymous: false }
    if (kind !== 'volume')
      return { ...shared, type: 'bind', source: source ?? '', anonymous: false }
    const name = source ?? anonymousVolume(id, destination)
    const anonymous = source === undefined
    return { ...shared, type: 'bind', source: volumeData(context, name), name, anonymous }
  })
}

const execPrefix = 'exec-'

/** Processes that `exec` started and that still run. */
function readExecs(run: string): readonly string[] {
  return ifThere([], () => readdirSync(run))
    .filter((name) => name.startsWith(execPrefix))
    .filter((name) => isProcess(ifThere('', () => readFileSync(`${run}/${name}/pid`, 'latin1'))))
    .map((name) => name.slice(execPrefix.length))
}

/** Returns the result of `read`, or `absent` if the container or the process has just ended. */
function ifThere<T>(absent: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return absent
    throw error
  }
}

function isProcess(pid: string): boolean {
  return /^\d+$/.test(pid) && existsSync(`/proc/${pid}`)
}

function readManifest(
  { records }: ContainerContext,
  { settings }: Container,
): Descriptor | undefined {
  const { digest } = settings.image
  const image = digest === undefined ? undefined : records.images.get(digest)
  if (image === undefined) return undefined
  const { mediaType, size, platform } = image
  return { mediaType, digest: image.digest, size, platform }
}
