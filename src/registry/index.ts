// OCI registries: one interface, its implementations, and its server.

// What administrators see and do.
export type { RegistryAdmin } from './admin/admin.ts'
// The HTTP client, and the check of a login.
export { type ConnectOptions, checkLogin, connectRegistry } from './client/connect.ts'
// Collection and retention.
export {
  type CollectOptions,
  type CollectReport,
  collect,
  freeLimits,
  noteLost,
} from './collect/collect.ts'
export { PullLog } from './collect/pull-log.ts'
export { type RemovedTag, type RetainOptions, retain } from './collect/retain.ts'
export {
  decideRetention,
  type RetentionCriteria,
  type RetentionDecision,
  type RetentionRule,
} from './collect/retention.ts'
export {
  type CollectEvents,
  type CollectedRegistry,
  type CollectionRound,
  type Collector,
  type CollectSettings,
  openCollector,
} from './collect/schedule.ts'
// Credentials as Docker and Podman keep them.
export type { Environment } from './credentials/config-file.ts'
export { type LoginOptions, login, logout } from './credentials/login.ts'
export { type CredentialSourceOptions, credentialsFromConfig } from './credentials/source.ts'
// Hiding secrets in text.
export { redact } from './errors.ts'
// The clock and the random numbers of the client, for tests.
export type { RetryOptions } from './http/retry.ts'
// Caches of other registries.
export { createProxy, type ProxyOptions } from './proxy/create-proxy.ts'
export {
  type CachedManifest,
  listCached,
  type TrimmedRegistry,
} from './proxy/trim/cached.ts'
export { scheduleTrim } from './proxy/trim/schedule-trim.ts'
export {
  type TrimmedCache,
  type TrimOptions,
  type TrimReport,
  trimCache,
} from './proxy/trim/trim-cache.ts'
export type { Upstream } from './proxy/upstream.ts'
// The interfaces.
export type {
  Credential,
  CredentialSource,
  FetchHandler,
  FoundRepository,
  MountOptions,
  Opening,
  ReferrersOptions,
  Registry,
  Repository,
} from './registry.ts'
// The server: a function of a registry.
export type { Access, Grant } from './server/access.ts'
export type { ChangeRules, RegistryHandlerOptions } from './server/context.ts'
export type { RegistryEvent } from './server/event.ts'
export { createRegistryHandler, type RegistryHandler } from './server/handler.ts'
export {
  ChallengeError,
  DeniedError,
  type RefusalDetail,
  TooManyError,
} from './server/refusals.ts'
export { isStorageFull } from './storage-full.ts'
// Storage for the facts of a registry.
export {
  type FreedMember,
  type FreeLimits,
  type RegistryCollection,
  type UnheldClaim,
  useResolution,
} from './store/collection.ts'
// Registries of this machine.
export { openDirectoryRegistry } from './store/directory/directory.ts'
export { createDirectoryFacts } from './store/directory/directory-facts.ts'
// Storage for uploads in progress.
export { createDirectoryUploads } from './store/directory/directory-uploads.ts'
// Facts that earlier versions kept as files.
export { readDirectoryFacts, type StoredFact } from './store/directory/read-directory-facts.ts'
export {
  type Change,
  isTaken,
  type Member,
  type MemberKind,
  type Quota,
  type RegistryFacts,
  type Removal,
  type RepositoryFacts,
  type TagChange,
  type TagOutcome,
  tagsAgainst,
} from './store/facts.ts'
export type {
  MemberRecord,
  MoveQuery,
  Pull,
  RegistryLedger,
  TagMove,
  TagRecord,
  Usage,
} from './store/ledger.ts'
export { createLocalRegistry, type LocalRegistryOptions } from './store/local.ts'
export { createMemoryRegistry } from './store/memory.ts'
export { earlierMeaning } from './store/roll-back.ts'
export type { Upload, UploadFacts } from './store/uploads.ts'
