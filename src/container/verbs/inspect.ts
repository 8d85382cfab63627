import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Descriptor } from '#oci'
import { isSystemError } from '#platform'
import { remembered } from '#platform/remembered/remembered'
import { anonymousVolume, volumeData } from '#volume'
import { type ContainerContext, containerPaths, type StatePlace } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { directSource } from '../model/state.ts'
import { type HealthState, readHealth } from '../observe/health.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import type { ResolvedMount } from '../setup/volumes.ts'

/** The facts about a container that lists show. */
export interface ContainerOutline extends Container {
  readonly isRunning: boolean
  /** Absent without health checks. */
  readonly health?: HealthState | undefined
  /** The mounts of the last start, or those of the first one to come. */
  readonly mounts: readonly ResolvedMount[]
}

/** All facts about a container. */
export interface ContainerDetails extends ContainerOutline {
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

/** Reads what lists show of a container that was read already. */
export function outlineContainer(context: StatePlace, container: Container): ContainerOutline {
  const mounts = readMounts(context, container) ?? foreseeMounts(context, container)
  return toOutline(container, readHealth(context, container), mounts)
}

const toOutline = remembered(
  (
    container: Container,
    health: HealthState | undefined,
    mounts: readonly ResolvedMount[],
  ): ContainerOutline => ({ ...container, isRunning: isRunning(container), health, mounts }),
)

function describeContainer(context: ContainerContext, container: Container): ContainerDetails {
  const { directory, log, run } = containerPaths(context, container.id)
  return {
    ...outlineContainer(context, container),
    directory,
    log: ['none', 'journald'].includes(container.settings.log.driver) ? undefined : log,
    snapshotter: context.snapshots.kind,
    runtime: runtimeOf(context, container).name,
    execs: isRunning(container) ? readExecs(run) : [],
    manifest: readManifest(context.records, container),
  }
}

/** Returns `undefined` for a container that has not started yet. */
function readMounts(context: StatePlace, { id }: Container): readonly ResolvedMount[] | undefined {
  const { states = directSource } = context
  const path = `${containerPaths(context, id).directory}/mounts.json`
  const document: { mounts?: readonly ResolvedMount[] } | undefined = states.readJson(path)
  return document?.mounts
}

/** The mounts that a container will have, as far as they are known before its first start. */
function foreseeMounts(context: StatePlace, { id, settings }: Container): readonly ResolvedMount[] {
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

/** The platform of the image of a container; `undefined` when the image was removed. */
export function readManifest(
  records: Pick<ContainerContext['records'], 'images'>,
  { settings }: Pick<Container, 'settings'>,
): Descriptor | undefined {
  const { digest } = settings.image
  const image = digest === undefined ? undefined : records.images.get(digest)
  if (image === undefined) return undefined
  const { mediaType, size, platform } = image
  return { mediaType, digest: image.digest, size, platform }
}
