import type { BuildServices, NamedContext, NetworkRequest, StepNetwork } from '#build'
import { defaultNetwork, formatHosts, formatResolvConf, readHostResolver } from '#network'
import type { Lease } from '#records'
import { layoutBase } from '../base/layout-base.ts'
import { resolveBase } from '../base/resolve-base.ts'
import { buildsOf, scratchOf } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { findCdiDevice } from '../host/cdi.ts'
import { allocateAddress, withGateway } from './addresses.ts'
import { cacheFilesOf } from './cache-files.ts'
import { cacheMountsOf } from './cache-mounts.ts'

/** Holds the images of layouts, which have no names in the store. */
export async function layoutLease(
  engine: Engine,
  { contexts = new Map() }: { readonly contexts?: ReadonlyMap<string, NamedContext> | undefined },
): Promise<Lease | undefined> {
  const hasLayout = [...contexts.values()].some(({ kind }) => kind === 'layout')
  return hasLayout ? await engine.records.leases.acquire({ purpose: 'build' }) : undefined
}

/**
 * Returns the services of every build of this store. `lease` holds images of layouts. With
 * `defersLayers`, the layers of base images are pulled when a step needs them.
 */
export async function buildServices(
  engine: Engine,
  lease?: Lease | undefined,
  defersLayers = false,
): Promise<BuildServices> {
  return {
    store: engine.content,
    records: engine.records,
    cacheFiles: cacheFilesOf(engine),
    cacheMounts: cacheMountsOf(engine),
    snapshots: await engine.snapshots(),
    runtime: async () => (await engine.runtime()).runtime,
    resolveImage: (reference, options) =>
      options.layout === undefined || lease === undefined
        ? resolveBase(engine, reference, { ...options, defersLayers })
        : layoutBase(engine, options.layout, { options, lease }),
    devices: findCdiDevice,
    network: (request) => attachStep(engine, request),
    run: buildsOf(engine),
    scratch: scratchOf(engine),
  }
}

/** Attaches one RUN to the bridge of containers, to no network, or to the host's. */
async function attachStep(engine: Engine, request: NetworkRequest): Promise<StepNetwork> {
  const { mode, stepId, hostname, hosts = [] } = request
  if (mode === 'proxy') return await attachToProxy(request)
  if (mode !== 'default') {
    return {
      resolvConf: formatResolvConf(readHostResolver()),
      hosts: formatHosts({ hostname, extra: withGateway(hosts, '127.0.0.1') }),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  const networks = await engine.networks()
  const attachment = await networks.attach({
    containerId: stepId,
    kind: 'bridge',
    networks: [
      {
        name: defaultNetwork,
        allocate: (range) => allocateAddress(engine.records, stepId, range),
      },
    ],
  })
  const { netnsPath, ip, gateway } = attachment
  return {
    netnsPath,
    resolvConf: formatResolvConf(attachment.resolver),
    hosts: formatHosts({ hostname, ip, extra: withGateway(hosts, gateway ?? '127.0.0.1') }),
    async [Symbol.asyncDispose]() {
      await attachment[Symbol.asyncDispose]()
      await engine.records.write(() => engine.records.addresses.release(stepId))
    },
  }
}

/** Gives one RUN a network whose only server is a recording proxy. */
async function attachToProxy({
  directory,
  exchange,
  hostname,
  hosts = [],
}: NetworkRequest): Promise<StepNetwork> {
  if (exchange === undefined) throw new TypeError('A step with a proxy answers its requests')
  const { openRecorder } = await import('#network/recorder/recorder')
  const recorder = await openRecorder({ directory, exchange })
  return {
    netnsPath: recorder.namespace,
    resolvConf: '',
    hosts: formatHosts({ hostname, extra: withGateway(hosts, '127.0.0.1') }),
    proxy: recorder,
    [Symbol.asyncDispose]: () => recorder[Symbol.asyncDispose](),
  }
}
