/** The media types that strake interprets. It copies content of other types without reading it. */
export const mediaType = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const

/** Docker's first manifest format. It names layers by IDs that cannot be verified. */
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/

const layer =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(?:gzip|zstd))?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.(?:gzip|zstd))?)$/

/** An image manifest of either family. */
export function isManifestType(type: string): boolean {
  return type === mediaType.ociManifest || type === mediaType.dockerManifest
}

/** An image index, or Docker's manifest list. */
export function isIndexType(type: string): boolean {
  return type === mediaType.ociIndex || type === mediaType.dockerManifestList
}

/** Docker's manifest version 2, schema 1, which strake refuses to interpret. */
export function isSchema1Type(type: string): boolean {
  return schema1.test(type)
}

/** An image configuration, not that of an artifact. */
export function isConfigType(type: string): boolean {
  return type === mediaType.ociConfig || type === mediaType.dockerConfig
}

/** A layer of either family, including foreign ones. */
export function isLayerType(type: string): boolean {
  return layer.test(type)
}

/**
 * The compression of a layer with this type. Where the first bytes are known, they decide instead.
 */
export function layerCompression(type: string): 'none' | 'gzip' | 'zstd' {
  if (/[+.]gzip$/.test(type)) return 'gzip'
  return /[+.]zstd$/.test(type) ? 'zstd' : 'none'
}
