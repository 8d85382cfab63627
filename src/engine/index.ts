// The public interface: one function per verb, over one engine.

// Errors that carry more than a message.
export { DockerfileError, ExitError } from '#build'
// Options and results of verbs on containers.
export type {
  ContainerImage,
  ContainerOptions,
  CreatedContainer,
  ExecOptions,
  LogEntry,
  RemoveOptions as RemoveContainerOptions,
  StopOptions,
} from '#container'
// Every error has a code, and often a remedy.
export { type ErrorCode, isStrakeError, StrakeError } from '#oci'
export { StartError } from '#runtime'
// Progress events of verbs.
export type { Emit, ProgressEvent, StepEvent } from '#stream'
export { type Loaded, type LoadOptions, load } from './archive/load.ts'
export { type SaveOptions, save } from './archive/save.ts'
// Building and maintenance.
export { type BuildRequest, type Built, build } from './build/build.ts'
export { type Imported, type ImportOptions, importImage } from './build/import.ts'
export { type Removed, removeImage } from './collect/remove.ts'
// Containers.
export {
  attachContainer,
  killContainer,
  type LogsOptions,
  pauseContainer,
  readContainerLogs,
  removeContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
  waitContainer,
} from './container/container.ts'
export type { ContainerEnd } from './container/end.ts'
export { execInContainer } from './container/exec.ts'
export { exportContainer } from './container/export.ts'
export { type ListContainersOptions, listContainers } from './container/ps.ts'
export {
  create,
  type ForegroundRunOptions,
  type RunOptions,
  run,
  runDetached,
} from './container/run.ts'
export type { ContainerSummary } from './container/summary.ts'
export { diff, type PathChange } from './diff.ts'
// The engine itself.
export type { Engine } from './engine.ts'
export { examine, type Finding } from './host/doctor.ts'
export { version } from './host/version.ts'
export { type ImageHistoryEntry, imageHistory } from './image/history.ts'
// Images.
export { type ImageSummary, type ListImagesOptions, listImages } from './image/images.ts'
export { type Pulled, type PullOptions, pull } from './image/pull.ts'
export { rollbackTag, type TagLogEntry, tagImage, tagLog } from './image/tag.ts'
export { describeEngine, type EngineDescription } from './info.ts'
export { type ImageDetails, type Inspected, inspect } from './inspect.ts'
export { type EngineOptions, openEngine } from './open.ts'
export type {
  ArchiveOutput,
  BuildOutput,
  CacheOnly,
  ImageForm,
  ImageOutput,
  TreeOutput,
} from './output/build-output.ts'
export { type Pushed, type PushOptions, push } from './push/push.ts'
// Registries.
export { login, logout } from './registry/login.ts'
export { type RegistryServer, type ServeRegistryOptions, serveRegistry } from './registry/serve.ts'
export { cleanUp } from './store/cleanup.ts'
export { pruneCache, pruneContainers, pruneSystem } from './store/prune.ts'
export { pruneImages } from './store/prune-images.ts'
export type { Pruned } from './store/pruned.ts'
export { resetStore } from './store/reset.ts'
export { type DiskUsage, diskUsage } from './usage/disk-usage.ts'
