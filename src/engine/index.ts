// What a user can ask for: one function per verb, over one engine.

// Looking after what is there.
export { type BuildRequest, type Built, build } from './build.ts'
export { cleanUp } from './cleanup.ts'
// Containers.
export {
  attachContainer,
  execInContainer,
  killContainer,
  type LogRequest,
  pauseContainer,
  readContainerLogs,
  removeContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
  waitContainer,
} from './container.ts'
export { diff, type PathChange } from './diff.ts'
export { type DiskUsage, diskUsage } from './disk-usage.ts'
export { examine, type Finding } from './doctor.ts'
// The engine itself.
export { type Engine, type EngineOptions, openEngine } from './engine.ts'
export { exportContainer } from './export.ts'
export { type ImageHistoryEntry, imageHistory } from './history.ts'
// Images.
export { type ImageSummary, type ListImagesOptions, listImages } from './images.ts'
export { type Imported, type ImportOptions, importImage } from './import.ts'
export { describeEngine } from './info.ts'
export { inspect } from './inspect.ts'
export { type Loaded, type LoadOptions, load } from './load.ts'
// Registries.
export { login, logout } from './login.ts'
export {
  type Pruned,
  pruneCache,
  pruneContainers,
  pruneImages,
  pruneSystem,
} from './prune.ts'
export { type ContainerSummary, listContainers } from './ps.ts'
export { type Pulled, type PullOptions, pull } from './pull.ts'
export { type Pushed, type PushOptions, push } from './push.ts'
export { type RegistryServer, type ServeRegistryOptions, serveRegistry } from './registry.ts'
export { type Removed, removeImage } from './remove.ts'
export { resetStore } from './reset.ts'
export { create, type RunOptions, run, runDetached } from './run.ts'
export { type SaveOptions, save } from './save.ts'
export { rollbackTag, type TagLogEntry, tagImage, tagLog } from './tag.ts'
export { version } from './version.ts'
