import { hostname as machineName } from 'node:os'
import type { AccessEntry } from '#http'
import { StrakeError } from '#oci'
import type { Server } from '#platform'
import type { RegistryEvent } from '#registry'
import {
  type AuthFiles,
  hasAuth,
  isUsable,
  openAuth,
  type RegistryAuth,
  sharedAuth,
} from '#registry/access/open-auth'
import { quotaUse } from '#registry/admin/quota-use'
import { createTokenAdmin } from '#registry/admin/token-admin'
import type { LimitsConfig, RegistryConfig } from '#registry/config/config'
import { changeRules, collectSettings, trimSettings } from '#registry/config/content-rules'
import { principalName } from '#registry/policy/identity'
import { openLineLog } from './line-log.ts'
import type { TlsOptions } from './listen.ts'
import { observe } from './observe.ts'
import { reportProblems } from './problems.ts'
import { type RegistryServerOptions, type ServedRegistry, serveRegistry } from './registry.ts'
import { readServerKeys, watchServerKeys } from './tls-files.ts'

export interface ServeConfiguredOptions {
  readonly config: RegistryConfig
  readonly files: AuthFiles
  /** Serves every sender although the address is public and there are no users. */
  readonly isOpen?: boolean | undefined
  /** Writes a line of a log whose place is `stderr`. */
  readonly writeLine: (line: string) => void
  /** Called with a sentence about each problem that no client is told about. Default: dropped. */
  readonly warn?: ((sentence: string) => void) | undefined
}

/**
 * Serves a registry as its configuration says, until disposed. Throws `INVALID` when everybody, or
 * nobody, could use it from other machines.
 */
export async function serveConfigured(
  served: ServedRegistry,
  options: ServeConfiguredOptions,
): Promise<Server> {
  const { config } = options
  const { listen = {}, storage = {} } = config
  await using opened = new AsyncDisposableStack()
  if (options.warn !== undefined) opened.use(reportProblems(options.warn))
  const log = (place: string | undefined): ((record: object) => void) | undefined => {
    if (place === undefined) return undefined
    if (place === 'stderr') return (record) => options.writeLine(`${JSON.stringify(record)}\n`)
    const lines = opened.use(openLineLog(place))
    return (record) => lines.write(record)
  }
  const onEvent: ((event: RegistryEvent) => void) | undefined = log(config.log?.audit)
  const onRequest: ((entry: AccessEntry) => void) | undefined = log(config.log?.access)
  const allowedHosts = [...(listen.allowHosts ?? []), ...hostsOf(listen.url)]
  const told = await observe(
    served,
    {
      config,
      source: listen.url ?? addressOf(config),
      allowedHosts,
      onRequest,
      onEvent,
    },
    opened,
  )
  const auth = await openAuthOf(served, options, told.onEvent)
  if (auth !== undefined) opened.use(auth)
  const server = await serveRegistry(served, {
    ...told,
    tls: await openTls(config, opened),
    hostname: listen.host,
    port: listen.port ?? 5000,
    allowedHosts,
    trustedProxies: listen.trustedProxies,
    access: auth?.access,
    pages: auth?.pages,
    tokenEndpoint: auth?.tokenEndpoint,
    admin: adminOf(served, options, auth),
    readOnly: storage.readOnly,
    sparse: storage.sparse,
    collect: collectSettings(config),
    rules: changeRules(config),
    caches: trimSettings(config),
    ...limitsOf(config.limits),
  })
  opened.use(server)
  const owned = opened.move()
  return { url: server.url, port: server.port, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function openTls(
  { tls: files, auth }: RegistryConfig,
  opened: AsyncDisposableStack,
): Promise<TlsOptions | undefined> {
  if (files === undefined) return undefined
  return {
    keys: await readServerKeys(files),
    showsClients: auth?.mtls !== undefined,
    onServing: (renew) => opened.use(watchServerKeys(files, renew)),
  }
}

async function openAuthOf(
  { auth, now }: ServedRegistry,
  { config, files, isOpen }: ServeConfiguredOptions,
  onEvent: ((event: RegistryEvent) => void) | undefined,
): Promise<RegistryAuth | undefined> {
  const shared = await sharedAuth(config, files, auth)
  const isOn = await hasAuth(config, files, shared)
  const isPublic = !isLoopback(config.listen?.host ?? '127.0.0.1')
  if (isPublic && isOpen !== true && !(isOn && (await isUsable(config, files, shared)))) {
    throw new StrakeError(
      'INVALID',
      `Cannot serve the registry on ${config.listen?.host}: it has no users, and other machines can reach it`,
      {
        remedy:
          'add a user with strake registry user add NAME, or give --open to serve everybody who reaches it',
      },
    )
  }
  if (!isOn) return undefined
  return await openAuth(config, {
    files,
    shared,
    now,
    onLogin: (exchange, identity) => {
      onEvent?.({
        time: Date.now(),
        action: 'login',
        principal: identity && principalName(identity),
        address: exchange.address,
        status: identity === undefined ? 401 : 200,
        ...(identity === undefined && { reason: 'wrong credentials' }),
      })
    },
  })
}

function adminOf(
  { facts }: ServedRegistry,
  { config }: ServeConfiguredOptions,
  auth: RegistryAuth | undefined,
): RegistryServerOptions['admin'] {
  const { quotas = [] } = config
  return {
    tokens: auth && createTokenAdmin(auth.tokens),
    quotas: async () => {
      const users = (await auth?.users.list()) ?? []
      return await quotaUse(
        facts.ledger,
        quotas,
        users.map(({ name }) => name),
      )
    },
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || /^(?:127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)
}

/** Returns an address of the server for those who are told about it. */
function addressOf({ listen = {}, tls }: RegistryConfig): string {
  const scheme = tls === undefined ? 'http' : 'https'
  return `${scheme}://${machineName()}:${listen.port ?? 5000}`
}

function hostsOf(url: string | undefined): readonly string[] {
  return url === undefined ? [] : [new URL(url).hostname]
}

function limitsOf(limits: LimitsConfig = {}) {
  return {
    maxBlobSize: limits.blobSize,
    maxUploads: limits.uploads,
    maxUploadsPerClient: limits.uploadsPerClient,
    uploadLifetime: limits.uploadLifetime,
    bodySilence: limits.bodySilence,
    idleSeconds: secondsOf(limits.connectionIdle),
  }
}

/** Returns whole seconds, as the runtime wants them. */
function secondsOf(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds / 1000)
}
