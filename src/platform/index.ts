// The only code that knows Bun, Node and the kernel.

/** Compressing in threads. */
export type { Compression } from './compress-member.ts'
export type { ChunkMemory, CompressThreads } from './compress-threads.ts'
export { maxChunkSize, openCompressThreads } from './compress-threads.ts'
/** What the kernel remembers of flows. */
export { forgetUdpFlows } from './conntrack.ts'
/** Letting a directory look like another. */
export { copyDirectoryStatus } from './directory-status.ts'
/** EROFS images, loop devices under them, and memory files of their own. */
export type { ErofsOptions } from './erofs-mount.ts'
export { mountErofs } from './erofs-mount.ts'
/** Programs of this machine. */
export { isExecutable } from './executable.ts'
/** A lock between processes that dies with its holder. */
export { lockDirectory, lockFile, lockNetwork } from './file-lock.ts'
/** Files: durable writes, syncs, temporary names, and a recursive removal that never enters a mount. */
export type { TemporaryDirectory } from './files.ts'
export {
  mkdtempDisposable,
  renameDurable,
  syncDirectory,
  syncFilesystem,
  temporaryName,
  writeAll,
  writeFileDurable,
} from './files.ts'
/** Decoding by a program of this machine what has no decoder here. */
export { decodeWithProgram } from './foreign-decoder.ts'
/** Writing a large file and hashing it, in another thread. */
export type { HashedFile } from './hash-ring.ts'
export { sumSize } from './hash-ring.ts'
export type { HashingWriter, HashingWriterOptions } from './hashing-writer.ts'
export { openHashingWriter } from './hashing-writer.ts'
/** What this machine is. */
export {
  bootId,
  collectMemory,
  cpuCount,
  hostPlatform,
  kernelAtLeast,
  kernelRelease,
  totalMemory,
} from './host.ts'
/** Processes: which one it is, starting, reaping, and running this program again. */
export type { ProcessIdentity } from './identity.ts'
export { identifyProcess, isAlive, ownIdentity, signalProcess } from './identity.ts'
/** How eagerly the runtime compiles. */
export { compileEagerly } from './jit.ts'
/** A C function table linked at first use, strings for it, and what errno says as an error. */
export type { CFunctions, CMemory, CSignature, CType } from './libc.ts'
export { check, cString, errno, ffi, isSystemError, SystemError, symbols } from './libc.ts'
export type { LoopDevice } from './loop.ts'
export { attachLoop } from './loop.ts'
export type { MemoryFile } from './memory-file.ts'
export { createMemoryFile } from './memory-file.ts'
/** Mounts: overlay, bind, memory, proc; what is mounted where. */
export type { MountRestrictions, TmpfsOptions, UnmountOptions } from './mount.ts'
export { makePrivate, mountBind, mountTmpfs, unmount } from './mount.ts'
export type { MountEntry } from './mountinfo.ts'
export { isMountPoint, mountOf, mountsBelow, readMounts } from './mountinfo.ts'
export { sha256Hex } from './native-hash.ts'
/** The kernel's network: netlink sockets and messages, network namespaces, nftables. */
export type { NetlinkMessage, NetlinkRequest, NetlinkSocket } from './netlink.ts'
export {
  attribute,
  concatenate,
  NetlinkError,
  nested,
  netlinkFlag,
  netlinkProtocol,
  openNetlink,
  parseAttributes,
  parseText,
} from './netlink.ts'
export {
  createNetworkNamespace,
  enterNetworkNamespace,
  removeNetworkNamespace,
} from './netns.ts'
export type { NftChain, NftElement, NftMap } from './nftables.ts'
export {
  addElements,
  deleteElements,
  deleteElementsInBackground,
  findNft,
  listElements,
  listForwardChains,
  listRules,
  runLegacyIptables,
  runNft,
} from './nftables.ts'
export type { OverlayOptions } from './overlay.ts'
export { maxOverlayLowers, mountOverlay } from './overlay.ts'
/** Pipes, and moving bytes through descriptors without stopping the event loop. */
export { makePipe, readInput, readPipe, readTerminal, writeDescriptor } from './pipe.ts'
export { probePort } from './port.ts'
/** Direct file calls for the path before a container starts, where loading node:fs would cost more. */
export type { FileStatus } from './posix.ts'
export {
  changeMode,
  closeFile,
  fileStatus,
  filesystemOf,
  filesystemType,
  makeDirectories,
  makeDirectory,
  openFile,
  openFlag,
  pathExists,
  readSmallFile,
  realPath,
  removeDirectory,
  removeFile,
  renamePath,
  writeDescriptorNow,
} from './posix.ts'
export type {
  ChildInput,
  ChildProcess,
  CommandResult,
  ProcessExit,
  RunCommandOptions,
  SpawnOptions,
  StdioSlot,
} from './process.ts'
export {
  becomeSubreaper,
  newSession,
  programEnvironment,
  reapChild,
  reapOrphans,
  runCommand,
  selfCommand,
  spawnProcess,
} from './process.ts'
export { removeTree } from './remove-tree.ts'
/** Files inside a tree that is not trusted, by directory descriptor and name: `at.openDirectory(fd, name)`. */
export * as at from './root.ts'
/** Serving a `Request -> Response` function over HTTP. */
export type { ServeOptions, Server } from './serve.ts'
export { serve } from './serve.ts'
/** SQLite: one connection, prepared statements, transactions. */
export type { Database, DatabaseOptions, SqlRow, SqlValue } from './sqlite.ts'
export { isDatabaseDamaged, isUniqueViolation, openDatabase } from './sqlite.ts'
/** Terminals: raw mode, size, and the socket a runtime delivers one on. */
export type { WindowSize } from './terminal.ts'
export { isTerminal, setWindowSize, windowSize } from './terminal.ts'
export type { ConsoleSocket } from './tty.ts'
export { listenConsole, makeRaw } from './tty.ts'
