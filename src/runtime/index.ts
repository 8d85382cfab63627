/** JSON for a runtime, and its file. */

/** The profile of AppArmor that containers get. */
export { apparmorProfile, loadUsualProfile } from './bundle/apparmor.ts'
export { encodeConfig, readBundle, writeBundle } from './bundle/bundle-file.ts'
/** Checks of options that a runtime would refuse later. */
export { checkBundle } from './bundle/check.ts'
/** The configuration for a runtime, with every security default. */
export { type BundleOptions, createBundleConfig, type NetworkNamespace } from './bundle/config.ts'
/** Parts of the runtime configuration, in the spelling of the specification. */
export type { DeviceOption } from './bundle/devices.ts'
/** Limits of a container. */
export type { DeviceLimit } from './bundle/limits/block-io.ts'
export type { ResourceOptions } from './bundle/limits/resources.ts'
export { supportedResources } from './bundle/limits/supported.ts'
/** The kernel paths that containers may not read or write. */
export { cgroupNamespace, type IpcMode, protectedPaths } from './bundle/mounts.ts'
export { prepareAgain } from './bundle/prepare-again.ts'
/** The part of it that describes a process. */
export {
  type ProcessOptions,
  processConfig,
  type SecurityOptions,
} from './bundle/process-config.ts'
/** A seccomp profile in Docker's format. */
export { parseSeccompProfile, type SeccompSource } from './bundle/seccomp/seccomp-profile.ts'
export type { DeviceHook, ProcessConfig, Rlimit, RuntimeConfig } from './bundle/spec.ts'
export { hookNames } from './bundle/spec.ts'
/** The control groups of a container. */
export {
  cgroupMode,
  cgroupPath,
  cgroupProcesses,
  freeze,
  isFrozen,
  oomKills,
  ownsCgroups,
  primeCgroups,
} from './cgroup.ts'
/** What a container uses. */
export { type CgroupUsage, cgroupUsage } from './cgroup-usage.ts'
/** Which runtime works here, and why. */
export { type DetectedRuntime, type DetectRuntimeOptions, detectRuntime } from './detect.ts'
/** A runtime whose monitor was killed. */
export { endStart } from './end-start.ts'
/** The reason of a failed start. */
export { StartError } from './failure.ts'
/** Compiled seccomp filters, stored for crun. */
export { keepCompiledFilter, useCompiledFilter } from './filter-cache.ts'
/** A small init of this machine, for `--init`. */
export { findInit, initDestination } from './init.ts'
/** Where only files of the kernel can be mounted. */
export { neededFiles, refusalOfPlace, withoutFiles } from './kernel-places.ts'
/** Mount points and the working directory, made safely. */
export { type CheckedProcess, checkCommand } from './root/check-command.ts'
/** A container's files as its processes see them. */
export { ContainerView, isDirectory, isRegularFile, type Place } from './root/container-view.ts'
/** What hides files of the root from the processes of a container. */
export type { Cover } from './root/cover.ts'
export { emulatedPlatforms } from './root/emulators.ts'
/** Mounts of users. */
export type { ContainerMount, RootMount } from './root/mount.ts'
export { removeMountPoints } from './root/mount-points.ts'
export { openSource } from './root/mount-source.ts'
export { releaseMounts } from './root/nested-mounts.ts'
export { type PreparedRoot, type PrepareRootOptions, prepareRoot } from './root/prepare-root.ts'
/** Memory that several containers share. */
export { hasSharedMemory, joinSharedMemory, mountSharedMemory } from './root/shared-memory.ts'
/** The user of a process. */
export { type ResolvedUser, type ResolveUserOptions, resolveUser } from './root/user.ts'
export { checkUserTables } from './root/user-table.ts'
export { resolveWorkingDirectory } from './root/working-directory.ts'
/** A process in the foreground, as a build step needs it. */
export { type OutputTarget, type RunProcessOptions, runProcess } from './run-process.ts'
/** The runtime itself. */
export {
  type ContainerState,
  discard,
  type ExitStatus,
  forget,
  isSandboxed,
  openRuntime,
  type Runtime,
  type RuntimeProgram,
  runtimeCommand,
  runtimeEnvironment,
} from './runtime.ts'
export { type UpdatedContainer, updateLimits } from './update.ts'
