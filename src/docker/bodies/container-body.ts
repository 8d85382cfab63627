import { isContainerName } from '#container'
import type { RunOptions } from '#engine/container/run'
import { type Healthcheck, parseReference, StrakeError } from '#oci'
import { parseContainerRequest } from '../flags/container-flags.ts'
import { parseCgroupParent } from '../flags/limits.ts'
import { checkContainerBody } from './create-checks.ts'
import { type Fields, member, object, textMap, texts } from './fields.ts'
import { hostTexts, readResources, readSecurity } from './host-config.ts'
import { readMounts } from './mounts.ts'
import { readNetworks } from './networking.ts'
import { portTexts } from './ports.ts'

/** What a client gives beside the body. */
export interface CreateParameters {
  readonly name?: string | undefined
  readonly platform?: string | undefined
}

/**
 * Converts the body of `POST /containers/create` into options of the engine. Unknown members are
 * ignored, as in Docker. Throws `INVALID`.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Container/operation/ContainerCreate
 */
export function parseContainerBody(body: Fields, { name, platform }: CreateParameters): RunOptions {
  const host = object(body, 'HostConfig') ?? {}
  const image = member(body, 'Image', 'string') ?? ''
  if (image === '') throw new StrakeError('INVALID', 'no image specified')
  requireReference(image)
  if (name !== undefined) requireName(name.replace(/^\//, ''))
  checkContainerBody(body)
  const { security, mounts, network, networks, ip, ...parsed } = parseContainerRequest({
    ...hostTexts(host),
    publish: portTexts(host),
    volumes: [...(texts(host, 'Binds') ?? []), ...anonymousVolumes(body, host)],
    expose: Object.keys(object(body, 'ExposedPorts') ?? {}),
    stopSignal: member(body, 'StopSignal', 'string') || undefined,
  })
  const isInteractive = member(body, 'OpenStdin', 'boolean')
  return {
    ...parsed,
    ...readNetworks(body, host),
    image,
    name: name?.replace(/^\//, ''),
    platform,
    pull: 'never',
    command: texts(body, 'Cmd'),
    entrypoint: entrypointOf(body),
    env: texts(body, 'Env'),
    labels: textMap(body, 'Labels'),
    hostname: member(body, 'Hostname', 'string') || undefined,
    domainname: member(body, 'Domainname', 'string') || undefined,
    user: member(body, 'User', 'string') || undefined,
    workingDir: member(body, 'WorkingDir', 'string') || undefined,
    tty: member(body, 'Tty', 'boolean'),
    interactive: isInteractive,
    stdinOnce: member(body, 'StdinOnce', 'boolean'),
    stopTimeout: member(body, 'StopTimeout', 'number'),
    health: healthOf(body),
    attached: attachedOf(body),
    mounts: [...(mounts ?? []), ...readMounts(host)],
    security: { ...security, ...readSecurity(host) },
    resources: readResources(host),
    groupAdd: texts(host, 'GroupAdd'),
    remove: member(host, 'AutoRemove', 'boolean'),
    init: member(host, 'Init', 'boolean'),
    readOnly: member(host, 'ReadonlyRootfs', 'boolean'),
    shmSize: member(host, 'ShmSize', 'number') || undefined,
    publishAll: member(host, 'PublishAllPorts', 'boolean'),
    dns: texts(host, 'Dns'),
    dnsSearch: texts(host, 'DnsSearch'),
    dnsOptions: texts(host, 'DnsOptions'),
    oomScoreAdj: member(host, 'OomScoreAdj', 'number') || undefined,
    ...pidsOf(host),
    ...ipcOf(host),
    uts: namespaceOf(host, 'UTSMode'),
    cgroupns: namespaceOf(host, 'CgroupnsMode'),
    annotations: textMap(host, 'Annotations'),
    cgroupParent: parentOf(host),
    runtime: runtimeOf(host),
  }
}

/** Throws `INVALID` in Docker's words. */
export function requireName(name: string): void {
  if (isContainerName(name)) return
  const message = `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`
  throw new StrakeError('INVALID', message)
}

function requireReference(image: string): void {
  try {
    parseReference(image)
  } catch (cause) {
    const isUpper = /^[\w./-]+$/.test(image) && image !== image.toLowerCase()
    const name = image.includes('/') ? image : `library/${image}`
    const reason = isUpper ? `: repository name (${name}) must be lowercase` : ''
    throw new StrakeError('INVALID', `invalid reference format${reason}`, { cause })
  }
}

/** `Entrypoint` may be one text. A list with one empty text removes the entrypoint of the image. */
function entrypointOf(body: Fields): readonly string[] | undefined {
  if (typeof body['Entrypoint'] === 'string') return [body['Entrypoint']]
  const list = texts(body, 'Entrypoint')
  if (list === undefined || list.length === 0) return undefined
  return list.length === 1 && list[0] === '' ? [] : list
}

/** `Volumes` names destinations. Docker ignores one that another mount has. */
function anonymousVolumes(body: Fields, host: Fields): readonly string[] {
  const named = (texts(host, 'Binds') ?? []).map((bind) => bind.split(':')[1])
  return Object.keys(object(body, 'Volumes') ?? {}).filter((path) => !named.includes(path))
}

function attachedOf(body: Fields): RunOptions['attached'] {
  const streams = [
    ['AttachStdin', 'stdin'],
    ['AttachStdout', 'stdout'],
    ['AttachStderr', 'stderr'],
  ] as const
  return streams.flatMap(([name, stream]) => (member(body, name, 'boolean') ? [stream] : []))
}

function healthOf(body: Fields): Healthcheck | undefined {
  const check = object(body, 'Healthcheck')
  if (check === undefined) return undefined
  const test = texts(check, 'Test')
  const times = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const
  const given = times.flatMap((name) => {
    const value = member(check, name, 'number')
    if (value === undefined || value === 0) return []
    return [[name, value] as const]
  })
  return { ...(test === undefined ? {} : { Test: test }), ...Object.fromEntries(given) }
}

/** Reads the mode of a namespace; `private` and an empty text are the default. */
function namespaceOf(host: Fields, name: string): 'private' | 'host' | undefined {
  const mode = member(host, name, 'string') ?? ''
  if (mode === '') return undefined
  if (mode === 'host' || mode === 'private') return mode
  throw new StrakeError('UNSUPPORTED', `Cannot use ${name} ${mode}: expected private or host`)
}

/** `container:NAME` shares the processes of another container. */
function pidsOf(host: Fields): Pick<RunOptions, 'pid' | 'pidOf'> {
  const [, other] = /^container:(.+)$/.exec(member(host, 'PidMode', 'string') ?? '') ?? []
  return other === undefined ? { pid: namespaceOf(host, 'PidMode') } : { pidOf: other }
}

/** `container:NAME` shares the memory of another container. */
function ipcOf(host: Fields): Pick<RunOptions, 'ipc' | 'ipcOf'> {
  const mode = member(host, 'IpcMode', 'string') ?? ''
  if (mode === 'shareable' || mode === 'none') return { ipc: mode }
  const [, other] = /^container:(.+)$/.exec(mode) ?? []
  return other === undefined ? { ipc: namespaceOf(host, 'IpcMode') } : { ipcOf: other }
}

/** Docker's own names of its runtime. */
function runtimeOf(host: Fields): string | undefined {
  const name = member(host, 'Runtime', 'string') || undefined
  return name === 'io.containerd.runc.v2' ? 'runc' : name
}

function parentOf(host: Fields): string | undefined {
  const path = member(host, 'CgroupParent', 'string') ?? ''
  return path === '' ? undefined : parseCgroupParent(path)
}
