// A Dockerfile and a context to an image in the store.

// What killed builds leave.
export { endAbandonedBuilds } from './abandoned.ts'
// The whole of it.
export type { BuildResult } from './build.ts'
export { build } from './build.ts'
// What is wrong with a Dockerfile, or with what its RUN ran.
export { DockerfileError, ExitError } from './error.ts'
// Writing an image down.
export type { BuildState, ExportedImage } from './export.ts'
export { exportResult } from './export.ts'
// How RUN asks for its network.
export type { NetworkMode } from './graph.ts'
export type { BuildOptions, BuildServices, ImageResolver } from './options.ts'
export type { BaseImage } from './plan/base-images.ts'
// Build arguments that a proxy needs.
export { proxyArgs } from './plan/scope.ts'
// The blobs that cache records name, for whoever collects.
export { cachedLayer } from './solve/cache.ts'
// SOURCE_DATE_EPOCH.
export { parseEpoch } from './times/times.ts'
export type { NetworkProvider, StepNetwork } from './workspace.ts'
