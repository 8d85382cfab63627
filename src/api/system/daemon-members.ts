import type { InspectDocument } from '#docker/documents/document'
import type { Engine } from '#engine'
import { sha256 } from '#oci'

/**
 * What clients expect of `GET /info` besides the description of the store. The Docker CLI warns about
 * every limit that is false or absent.
 */
export function daemonMembers(engine: Pick<Engine, 'root'>): InspectDocument {
  return {
    ID: storeId(engine.root),
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    OomKillDisable: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    ExperimentalBuild: false,
    LiveRestoreEnabled: true,
    NFd: 0,
    NGoroutines: 0,
    NEventsListener: 0,
    SystemTime: new Date().toISOString(),
    OSVersion: '',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Isolation: '',
    GenericResources: null,
    InitBinary: 'tini',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    RegistryConfig: {
      IndexConfigs: {
        'docker.io': { Mirrors: [], Name: 'docker.io', Official: true, Secure: true },
      },
      InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8'],
      Mirrors: [],
    },
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    Warnings: null,
  }
}

/** The same text for every server of a store, in the form that clients know: a UUID. */
function storeId(root: string): string {
  const hex = sha256(root).replace(/^sha256:/, '')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  return [...parts, hex.slice(20, 32)].join('-')
}
