import { newestFrontend } from '#engine/build/served-build'
import type { Engine } from '#engine/engine'
import { version } from '#engine/host/version'
import type { Draft } from '#grpc'
import { type Platform as OciPlatform, sha256 } from '#oci'
import { hostName, hostPlatform } from '#platform'
import type { BuildkitVersion, WorkerRecord } from './messages/common.ts'
import { hostGateway } from './options/frontend-options.ts'

export const buildkitVersion: Draft<typeof BuildkitVersion> = {
  package: 'strake',
  version: `v${version}`,
  dockerfileVersion: newestFrontend,
}

/** The store, as clients of BuildKit see it: one worker. */
export async function describeWorker(engine: Engine): Promise<Draft<typeof WorkerRecord>> {
  const { kind } = await engine.snapshots()
  const prefix = 'org.mobyproject.buildkit.worker'
  return {
    // The same for every server of a store.
    ID: sha256(engine.root).slice('sha256:'.length, 'sha256:'.length + 25),
    Labels: {
      [`${prefix}.executor`]: 'oci',
      [`${prefix}.hostname`]: hostName(),
      // Docker's driver looks for this label before it allows archives, caches and platforms.
      [`${prefix}.snapshotter`]: kind,
      [`${prefix}.moby.host-gateway-ip`]: hostGateway,
    },
    platforms: [platformMessage(hostPlatform())],
    BuildkitVersion: buildkitVersion,
  }
}

function platformMessage({ os, architecture, variant }: OciPlatform): {
  readonly OS: string
  readonly Architecture: string
  readonly Variant?: string
} {
  return { OS: os, Architecture: architecture, ...(variant !== undefined && { Variant: variant }) }
}

/** What clients may use. They leave out what is not in these lists, or refuse it themselves. */
export const frontendCaps: readonly string[] = [
  'solve.base',
  'readfile',
  'statfile',
  'return',
  'returnmap',
  'proto.refarray',
  'importcaches',
  'frontend.caps',
  'frontend.inputs',
  'gateway.evaluate',
  'gateway.solve.evaluate',
  'gateway.solve.metadata',
  'reference.output',
]

export const buildCaps: readonly string[] = [
  'source.image',
  'source.local',
  'source.git',
  'source.git.checksum',
  'source.git.fetchbycommit',
  'source.git.fullurl',
  'source.git.httpauth',
  'source.git.keepgitdir',
  'source.git.knownsshhosts',
  'source.git.mountsshsock',
  'source.git.mtime',
  'source.git.skipsubmodules',
  'source.git.subdir',
  'source.http',
  'source.http.auth',
  'source.http.checksum',
  'source.ocilayout',
  'exec.meta.base',
  'exec.mount.cache',
  'exec.mount.secret',
  'exec.mount.ssh',
  'file.base',
  'platform',
  'constraints',
  'meta.description',
  'cache.azblob',
  'cache.gha',
  'cache.s3',
  'exporter.image.annotations',
  'exporter.image.attestations',
  'exporter.multiple',
  'exporter.sourcedateepoch',
]
