// Builds images: from a Dockerfile and a context to an image in the store.

// The whole build.
export type { BuildResult, BuiltImages } from './build-image.ts'
export { build, predictBuild } from './build-image.ts'
export { addForeignSteps, type ForeignStep, foreignRecords } from './cache/foreign-records.ts'
// Caches that builds on different machines exchange.
export { collectSteps, formatCacheConfig, type PortableStep } from './cache/format.ts'
export { parseInlineCache } from './cache/inline.ts'
export { describedBlobs, knownResults } from './cache/known-results.ts'
export { type CacheConfig, cacheConfigType, type PortableMount } from './cache/model.ts'
export { cacheLimits, parseCacheConfig } from './cache/parse.ts'
export type { CacheSource } from './cache/source.ts'
// Standard input as a Dockerfile or a context.
export {
  type ContextArchive,
  type DockerfileText,
  type ReceivedContext,
  readBuildInput,
} from './contexts/build-input.ts'
export { readReceivedText } from './contexts/definition.ts'
export { isRemoteContext } from './contexts/remote-context.ts'
// Annotations of the user.
export { type AnnotationPlace, annotationsFor, type BuildAnnotation } from './export/annotations.ts'
// Changes after the last step.
export type { ConfigEdits } from './export/config-edits.ts'
// Writing an image to the store.
export type { BuildState, ExportedImage } from './export/image.ts'
export { exportImage } from './export/image.ts'
// The frontend that is built in.
export { newestFrontend } from './frontend.ts'
// What a directory was checked out from.
export { pathInTree, readWorkTree, type WorkTree } from './git/work-tree.ts'
// Describing a Dockerfile without building it.
export {
  type Checked,
  checkBuild,
  listTargets,
  type Outlined,
  outlineBuild,
  type Targets,
} from './inspect.ts'
export { compareLocks, type LockChange } from './lock/compare-locks.ts'
// The versions of everything that a build takes from other machines.
export type { BuildLock, LockedSource } from './lock/lock.ts'
export { nameOfSource } from './lock/lock.ts'
export { formatLock, maxLockSize, parseLock } from './lock/lock-file.ts'
export { lockOf } from './lock/lock-of.ts'
export type { NamedContext } from './model/contexts.ts'
export type { DeviceEdits, DeviceFinder } from './model/devices.ts'
export type { DockerfileSource, WrongLines } from './model/error.ts'
// Errors: mistakes in a Dockerfile, and commands that fail.
export { DockerfileError, ExitError, wrongLines } from './model/error.ts'
// The network of RUN.
export type { NetworkMode } from './model/graph.ts'
export type { SshAgent } from './model/mounts.ts'
export type { Parameter } from './model/parameters.ts'
// SSH agents for RUN --mount=type=ssh.
export type {
  BuildParameters,
  GitMaterial,
  HttpMaterial,
  ImageMaterial,
  Material,
  Provenance,
  ProvenanceStep,
  UsedCredential,
} from './model/provenance.ts'
export type { Grant, RunLimits, RunSettings } from './model/run-settings.ts'
export { parseSourcePolicy, type SourcePolicy, sourcePolicyOf } from './model/source-policy.ts'
// The directories of cache mounts.
export { cacheMountKey } from './mounts/cache.ts'
/** A Dockerfile without extensions. */
export { printDefinition, readRemoteText } from './open-definition.ts'
export type {
  BuildOptions,
  BuildServices,
  ImageResolver,
  ResolveOptions,
  SbomRequest,
} from './options.ts'
export type { BaseImage, LayoutImage } from './plan/base-images.ts'
// The description of a build in SLSA provenance.
export { dependencyOf, imageUrl } from './provenance/materials.ts'
export { type RecordedBuild, readSlsa } from './provenance/read-slsa.ts'
export { type BuildRun, slsaPredicate, slsaTypes } from './provenance/slsa.ts'
export { type ResolvedSources, resolveSources, type SourceUse } from './resolve-sources.ts'
export type { Sbom } from './scan/scan-plan.ts'
// A shell in a step.
export { type BuildShellOptions, openBuildShell } from './shell.ts'
export type { ShellPlace } from './shell-place.ts'
export type { Prediction } from './solve/predict.ts'
export type { SolvedStep } from './solve/solve-plans.ts'
export { stepFacts } from './solve/step-facts.ts'
// Downloads by the rules of ADD.
export { openDownload } from './source/http.ts'
export { redact } from './source/refusal.ts'
export { httpServices } from './source/services.ts'
// Cleaning up after killed builds.
export { endAbandonedBuilds } from './step/abandoned.ts'
// The blobs that cache records name, for garbage collection.
export { cachedLayer } from './step/step-cache.ts'
export type { FailedStep, NetworkProvider, NetworkRequest, StepNetwork } from './step/workspace.ts'
// SOURCE_DATE_EPOCH.
export { parseEpoch } from './times/times.ts'
// Build arguments that a proxy needs.
export { proxyArgs } from './variables/scope.ts'
// Work of the builder itself, shown as a step.
export { withStep } from './with-step.ts'
