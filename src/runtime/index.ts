/** The configuration a runtime reads, with every security default. */

export type {
  BundleOptions,
  NetworkNamespace,
  ProcessOptions,
  SecurityOptions,
} from './bundle/config.ts'
export { createBundleConfig, processConfig, writeBundle } from './bundle/config.ts'
export type { ContainerMount } from './bundle/mounts.ts'
export type { ResourceOptions } from './bundle/resources.ts'
export type { SeccompProfile } from './bundle/seccomp.ts'
export type { ProcessConfig, Rlimit, RuntimeConfig } from './bundle/spec.ts'
/** What the kernel says of a container's control group. */
export { cgroupMode, freeze, isFrozen, oomKills, primeCgroups } from './cgroup.ts'
/** Which runtime works here, and why. */
export type { DetectedRuntime, DetectRuntimeOptions } from './detect.ts'
export { detectRuntime } from './detect.ts'
/** What a runtime's refusal means. */
export { StartError, startFailure } from './failure.ts'
/** Compiled seccomp filters, kept for crun. */
export { keepCompiledFilter, useCompiledFilter } from './filter-cache.ts'
/** Opening files as a container sees them. */
export { openInRoot, openRoot } from './in-root.ts'
/** A small init of the machine for `--init`. */
export { findInit, initDestination } from './init.ts'
/** Mount points and the working directory, made safely. */
export type { MountPoints, RootfsOptions } from './rootfs.ts'
export { prepareRootfs } from './rootfs.ts'
/** A process in the foreground, as a build step needs it. */
export type { OutputTarget, RunProcessOptions } from './run-process.ts'
export { runProcess } from './run-process.ts'
/** The runtime itself. */
export type { ContainerState, ExitStatus, Runtime, RuntimeProgram } from './runtime.ts'
export { forget, openRuntime, runtimeCommand, runtimeEnvironment } from './runtime.ts'
/** Whom a process runs as. */
export type { ResolvedUser, ResolveUserOptions } from './user.ts'
export { resolveUser } from './user.ts'
