// The only code that uses Bun, Node and the kernel directly.

/** The type in a file's mode. */
export { fileType, typeOf } from './call/file-type.ts'
/** The type of a file system. */
export { filesystemOf, filesystemType } from './call/filesystem.ts'
/** C functions linked at the first use, C strings, and errors from errno. */
export type { CFunctions, CMemory, CSignature, CType } from './call/libc.ts'
export { check, cString, errno, ffi, isSystemError, SystemError, symbols } from './call/libc.ts'
/** Parts of Node that are loaded when they are needed. */
export { dirname, fs, fsPromises, sleep } from './call/node-fs.ts'
/** Direct file calls for the path before a container starts, where loading node:fs would cost more. */
export type { FileStatus } from './call/posix.ts'
export {
  changeMode,
  closeFile,
  fileStatus,
  makeDirectories,
  makeDirectory,
  mayWrite,
  openFile,
  openFlag,
  pathExists,
  readFile,
  readFileAt,
  readLink,
  readSmallFile,
  realPath,
  removeDirectory,
  removeFile,
  renamePath,
  writeDescriptorNow,
  writeSmallFile,
  writeWhole,
} from './call/posix.ts'
/** A write of all bytes that waits for the kernel. */
export { writeAllNow } from './call/write-all-now.ts'
/** SQLite: one connection, prepared statements, transactions. */
export type { Database, DatabaseOptions, SqlRow, SqlValue } from './data/database.ts'
export { migrate } from './data/migrate.ts'
/** The file has the client of PostgreSQL: only registries of replicas load it. */
export type { Postgres, PostgresOptions, PostgresValue } from './data/postgres.ts'
export { snapshotDatabase } from './data/snapshot.ts'
export { openDatabase } from './data/sqlite.ts'
export { isDatabaseDamaged, isUniqueViolation } from './data/sqlite-errors.ts'
export { type WriteWatch, writeWatches } from './data/watch-writes.ts'
export { parseYaml } from './data/yaml.ts'
/** The checksum of a file, noted on the file. */
export { noteChecksum, notedChecksum } from './file/checksum-note.ts'
/** Copying owner, mode, times and attributes of a directory. */
export { copyDirectoryStatus } from './file/directory-status.ts'
/** Files with exact permissions. */
export { makeDirectoriesWithMode, writeFileWithMode } from './file/exact-mode.ts'
/** Programs of this machine. */
export { findProgram, isExecutable } from './file/executable.ts'
/** A lock between processes that ends with its holder. */
export type { LockKind } from './file/file-lock.ts'
export {
  lockDirectory,
  lockFile,
  lockFileBlocking,
  lockNetwork,
  tryLockDirectory,
} from './file/file-lock.ts'
/** Files: durable writes, syncs, temporary names, and a recursive removal that never enters a mount. */
export type { TemporaryDirectory } from './file/files.ts'
export {
  ignoreAbsent,
  mkdtempDisposable,
  renameDurable,
  syncDirectory,
  syncFilesystem,
  temporaryName,
  writeAll,
  writeFileDurable,
} from './file/files.ts'
export type { MemoryFile } from './file/memory-file.ts'
export { createMemoryFile } from './file/memory-file.ts'
/** Files that the program has written, checked to be regular files. */
export { openPlainFile, readPlainBytes, readPlainFile } from './file/plain-file.ts'
export { removeTree } from './file/remove-tree.ts'
/**
 * Files inside an untrusted tree, by directory descriptor and name: `treeCalls.openDirectory(fd, name)`.
 */
export * as treeCalls from './file/root.ts'
/** Files with a slow other end, read and written until a signal ends the wait. */
export type { StreamFile } from './file/stream-file.ts'
export { isPassedDescriptor, openStreamFile, useStreamFile } from './file/stream-file.ts'
/** EROFS images, loop devices and memory files. */
export type { ErofsOptions } from './kernel/erofs-mount.ts'
export { mountErofs } from './kernel/erofs-mount.ts'
export { kernelMounts } from './kernel/filesystems.ts'
export { kernelTimedType } from './kernel/kernel-timed.ts'
export type { LoopDevice } from './kernel/loop.ts'
export { attachLoop } from './kernel/loop.ts'
/** Mounts: overlay, bind, memory, proc; the list of mounts. */
export type {
  BindOptions,
  MountRestrictions,
  TmpfsOptions,
  UnmountOptions,
} from './kernel/mount.ts'
export { makePrivate, mountBind, mountBindAt, mountTmpfs, unmount } from './kernel/mount.ts'
export type { Filesystem } from './kernel/mount-filesystem.ts'
export { mountFilesystem, splitMountOptions } from './kernel/mount-filesystem.ts'
export type { MountEntry } from './kernel/mountinfo.ts'
export { isMountPoint, mountOf, mountsBelow, readMounts } from './kernel/mountinfo.ts'
export type { OverlayOptions } from './kernel/overlay.ts'
export { maxOverlayLowers, mountOverlay } from './kernel/overlay.ts'
/** The kernel's table of flows. */
export { forgetUdpFlows } from './net/conntrack.ts'
/** Sockets that are made at once, in the network namespace of the thread. */
export type { OnDatagram, OpenSocket, TcpEnd, TcpHandlers } from './net/instant-sockets.ts'
export { askTcp, askUdp, bindUdp, listenTcp } from './net/instant-sockets.ts'
/** Addresses of private networks. */
/** Distinguishing IPv4 and IPv6. */
export { ipVersion } from './net/ip-version.ts'
/** IPv4 addresses and their blocks. */
export type { Subnet } from './net/ipv4.ts'
export {
  addressBytes,
  contains,
  formatAddress,
  formatSubnet,
  lastAddress,
  macBytes,
  macOf,
  overlaps,
  parseAddress,
  parseSubnet,
  subnetOf,
} from './net/ipv4.ts'
/** IPv6 addresses and their blocks. */
export type { Subnet6 } from './net/ipv6.ts'
export {
  contains6,
  formatIpv6,
  formatSubnet6,
  ipBytes,
  ipv6Bytes,
  ipv6Of,
  lastIpv6,
  overlaps6,
  parseIpv6,
  parseSubnet6,
  subnet6Of,
} from './net/ipv6.ts'
/** The kernel's network: netlink sockets and messages, network namespaces, nftables. */
export type { NetlinkMessage, NetlinkRequest, NetlinkSocket } from './net/netlink.ts'
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
} from './net/netlink.ts'
export {
  createNetworkNamespace,
  enterNetworkNamespace,
  removeNetworkNamespace,
} from './net/netns.ts'
/** Ports that lead to others. */
export { redirectPorts } from './net/nft-redirect.ts'
export type { NftChain, NftElement, NftFamily, NftMap } from './net/nftables.ts'
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
} from './net/nftables.ts'
export { probePort } from './net/port.ts'
export { isLinkAddress, isPrivateAddress } from './net/private-address.ts'
/** Pipes, and moving bytes through descriptors without stopping the event loop. */
export type { DescriptorWriter } from './process/descriptor-writer.ts'
export { ownPipeWriter, sharedWriter } from './process/descriptor-writer.ts'
/** Facts of this machine. */
export { ignoresHangup } from './process/hangup.ts'
export {
  bootId,
  collectMemory,
  cpuCount,
  hostName,
  hostPlatform,
  kernelAtLeast,
  kernelRelease,
  releaseMemory,
  totalMemory,
} from './process/host.ts'
/** Processes: identity, starting, reaping, and running this program again. */
export type { ProcessIdentity } from './process/identity.ts'
export {
  identifyProcess,
  isAlive,
  ownIdentity,
  signalProcess,
  toIdentity,
} from './process/identity.ts'
/** The JIT threshold of the runtime. */
export {
  buildingEnvironment,
  compileEagerly,
  waitingEnvironment,
} from './process/javascript-engine.ts'
export { killByWords, killTree } from './process/kill-tree.ts'
export {
  makeLastingPipe,
  makePipe,
  openPipeOf,
  pipeIdentity,
  readInput,
  readPipe,
} from './process/pipe.ts'
export type {
  ChildInput,
  ChildProcess,
  CommandResult,
  ProcessExit,
  RunCommandOptions,
  SpawnOptions,
  StdioSlot,
} from './process/process.ts'
export {
  becomeSubreaper,
  endedOrphans,
  newSession,
  programEnvironment,
  reapChild,
  reapOrphans,
  runCommand,
  selfCommand,
  spawnProcess,
} from './process/process.ts'
/** The processes of this machine, or of one PID namespace. */
export { processesBeside, processIds } from './process/process-ids.ts'
export { hasRoom, roomSize } from './process/room.ts'
/** Processes that are not children of this one. */
export { awaitStranger, takeDescriptor } from './process/stranger.ts'
/** Terminals: raw mode, size, and the socket a runtime delivers one on. */
export type { WindowSize } from './process/terminal.ts'
export { isTerminal, setWindowSize, windowSize } from './process/terminal.ts'
/** Timers for any length of time. */
export { startTimer, type Timer } from './process/timer.ts'
export type { ConsoleSocket } from './process/tty.ts'
export { listenConsole, makeRaw } from './process/tty.ts'
/** Rights of this process. */
export { mappedGroups } from './rights/mapped-groups.ts'
export { ownsNetwork } from './rights/owns-network.ts'
export { canChown, canMount, isRoot } from './rights/privilege.ts'
/** Another program in this process. */
export { replaceProcess } from './rights/replace.ts'
export { inUserNamespace } from './rights/user-namespace.ts'
/** Serving a `Request -> Response` function over HTTP. */
export type { ServeOptions, Server } from './serve.ts'
export { fileBlob, serve } from './serve.ts'
/** Datagrams to a socket of this machine. */
export { type DatagramSender, openDatagramSender } from './unix/unix-datagram.ts'
/** Connections over unix sockets. */
export type { UnixConnection, UnixServer } from './unix/unix-sockets.ts'
export { connectUnix, listenUnix } from './unix/unix-sockets.ts'
/** Compressing in threads. */
export type { Compression } from './work/compress-member.ts'
export type { ChunkMemory, CompressThreads } from './work/compress-threads.ts'
export { maxChunkSize, openCompressThreads } from './work/compress-threads.ts'
/** Decompressing with a program of the host: xz and bzip2. */
export { decodeWithProgram } from './work/foreign-decoder.ts'
/** Writing a large file and hashing it, in another thread. */
export type { HashedFile } from './work/hash-ring.ts'
export { sumSize } from './work/hash-ring.ts'
export type { HashingWriter, HashingWriterOptions } from './work/hashing-writer.ts'
export { hasFreeThread, openHashingWriter } from './work/hashing-writer.ts'
export { sha256Hex } from './work/native-hash.ts'
/** Passwords and their bcrypt hashes. */
export { hashPassword, verifyPassword } from './work/password.ts'
