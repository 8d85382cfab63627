import { StrakeError } from '#oci'
import type { RegistryConfig, StorageConfig } from '#registry/config/config'
import { anonymousPull, defaultRules } from '#registry/policy/rule'
import { openStoredRegistry, type ServedRegistry } from '#server'
import { serveConfigured } from '#server/serve-configured'
import type { Engine } from '../engine.ts'
import { withCaches } from './parts/caches.ts'
import { openReplicas } from './parts/replicated.ts'
import { findPlace, type PlaceOptions } from './place.ts'
import { overStore, type RegistryServer } from './serve.ts'

/** Values of options; an undefined one replaces nothing. */
export type RegistryOverrides = {
  readonly [S in keyof RegistryConfig]?: {
    readonly [K in keyof Exclude<RegistryConfig[S], undefined>]?:
      | Exclude<RegistryConfig[S], undefined>[K]
      | undefined
  }
}

export interface ServeConfiguredOptions extends Omit<PlaceOptions, 'root'> {
  /** Values that replace those of the configuration file. */
  readonly overrides?: RegistryOverrides | undefined
  /** Everybody may pull, also without a login. */
  readonly anonymousPull?: boolean | undefined
  /** Serves everybody who reaches a public address, although there are no users. */
  readonly isOpen?: boolean | undefined
  /** Writes a line of a log whose place is `stderr`. Default: dropped. */
  readonly writeLine?: ((line: string) => void) | undefined
  /** Called with a sentence about each problem that no answer to a client mentions. Default: dropped. */
  readonly warn?: ((sentence: string) => void) | undefined
}

/**
 * Serves a registry until disposed. `engine` is called only for a registry in the store. Throws
 * `UNAVAILABLE` when the port is taken, and `INVALID` for a configuration that cannot be used.
 */
export async function serveConfiguredRegistry(
  engine: () => Promise<Engine>,
  options: ServeConfiguredOptions,
): Promise<RegistryServer> {
  const { config: read, files } = await findPlace({
    ...options,
    root: async () => (await engine()).root,
  })
  const merged = mergeConfigs(read, options.overrides ?? {})
  const config = options.anonymousPull === true ? withAnonymousPull(merged) : merged
  const directory = config.storage?.directory
  const { isOpen, writeLine = () => {}, warn } = options
  await using opened = new AsyncDisposableStack()
  const own = await openOwn(engine, config.storage ?? {}, opened)
  const served = config.proxy === undefined ? own : await withCaches(engine, own, config.proxy)
  const server = opened.use(
    await serveConfigured(served, { config, files, isOpen, writeLine, warn }),
  )
  const { bucket } = config.storage ?? {}
  const storage =
    bucket === undefined ? (directory ?? (await engine()).root) : `bucket ${bucket.name}`
  const owned = opened.move()
  return {
    url: server.url,
    port: server.port,
    storage,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Opens the content of a registry. `opened` gets what must be disposed. */
export async function openOwn(
  engine: () => Promise<Engine>,
  storage: StorageConfig,
  opened: AsyncDisposableStack,
): Promise<ServedRegistry> {
  const replicas = await openReplicas(storage)
  if (replicas !== undefined) return opened.use(replicas)
  const { directory } = storage
  if (directory !== undefined) return opened.use(await openStoredRegistry(directory))
  return await overStore(await engine())
}

/** Returns a configuration in which the given values of `over` replace those of `base`. */
function mergeConfigs(base: RegistryConfig, over: RegistryOverrides): RegistryConfig {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, section] of Object.entries(over)) {
    const given = Object.entries(section ?? {}).filter(([, value]) => value !== undefined)
    if (given.length === 0) continue
    merged[name] = { ...(merged[name] as object | undefined), ...Object.fromEntries(given) }
  }
  const config: RegistryConfig = merged
  if (config.tls === undefined || ('cert' in config.tls && 'key' in config.tls)) return config
  throw new StrakeError(
    'INVALID',
    'Cannot serve over HTTPS: a certificate and its key belong together',
    {
      remedy: 'give --tls-cert and --tls-key',
    },
  )
}

function withAnonymousPull(config: RegistryConfig): RegistryConfig {
  const rules = [anonymousPull(), ...(config.access?.rules ?? defaultRules)]
  return { ...config, access: { ...config.access, rules } }
}
