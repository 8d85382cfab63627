// A Dockerfile and a context to an image in the store.

// The whole of it.
export type { BuildResult } from './build-image.ts'
export { build } from './build-image.ts'
// Writing an image down.
export type { BuildState, ExportedImage } from './export/image.ts'
export { exportImage } from './export/image.ts'
// What is wrong with a Dockerfile, or with what its RUN ran.
export { DockerfileError, ExitError } from './model/error.ts'
// How RUN asks for its network.
export type { NetworkMode } from './model/graph.ts'
// What RUN --mount=type=ssh reaches.
export type { SshAgent } from './model/mounts.ts'
export type { BuildOptions, BuildServices, ImageResolver, ResolveOptions } from './options.ts'
export type { BaseImage } from './plan/base-images.ts'
// Build arguments that a proxy needs.
export { proxyArgs } from './plan/scope.ts'
// What comes on standard input.
export { type ContextArchive, readBuildInput } from './source/build-input.ts'
// Downloads by the rules of ADD.
export { openDownload } from './source/http.ts'
export { httpServices } from './source/services.ts'
// What killed builds leave.
export { endAbandonedBuilds } from './step/abandoned.ts'
// The blobs that cache records name, for whoever collects.
export { cachedLayer } from './step/cache.ts'
export type { NetworkProvider, NetworkRequest, StepNetwork } from './step/workspace.ts'
// SOURCE_DATE_EPOCH.
export { parseEpoch } from './times/times.ts'
