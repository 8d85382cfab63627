import type { Message } from '#grpc'
import {
  BuildkitVersion,
  CacheOptionsEntry,
  Exporter,
  Nothing,
  Timestamp,
  WorkerRecord,
} from './common.ts'
import { Definition } from './ops.ts'
import { StatusRequest, StatusResponse } from './status.ts'

const CacheOptions = {
  Exports: [CacheOptionsEntry as typeof CacheOptionsEntry, 4, 'repeated'],
  Imports: [CacheOptionsEntry as typeof CacheOptionsEntry, 5, 'repeated'],
} as const

const PolicyConstraint = {
  key: ['string', 1],
  value: ['string', 2],
  condition: ['int32', 3],
} as const

const PolicySelector = {
  identifier: ['string', 1],
  matchType: ['int32', 2],
  constraints: [PolicyConstraint as typeof PolicyConstraint, 3, 'repeated'],
} as const

const PolicyUpdates = {
  identifier: ['string', 1],
  attrs: ['string', 2, 'map'],
} as const

const PolicyRule = {
  action: ['int32', 1],
  selector: [PolicySelector as typeof PolicySelector, 2],
  updates: [PolicyUpdates as typeof PolicyUpdates, 3],
} as const

/** Rules about sources. The members have the names of BuildKit's JSON. */
const Policy = {
  version: ['int64', 1],
  rules: [PolicyRule as typeof PolicyRule, 2, 'repeated'],
} as const

export const SolveRequest = {
  Ref: ['string', 1],
  Definition: [Definition as typeof Definition, 2],
  ExporterDeprecated: ['string', 3],
  ExporterAttrsDeprecated: ['string', 4, 'map'],
  Session: ['string', 5],
  Frontend: ['string', 6],
  FrontendAttrs: ['string', 7, 'map'],
  Cache: [CacheOptions as typeof CacheOptions, 8],
  Entitlements: ['string', 9, 'repeated'],
  FrontendInputs: [Definition as typeof Definition, 10, 'map'],
  Internal: ['bool', 11],
  SourcePolicy: [Policy as typeof Policy, 12],
  Exporters: [Exporter as typeof Exporter, 13, 'repeated'],
  EnableSessionExporter: ['bool', 14],
  SourcePolicySession: ['string', 15],
  ProxyNetwork: ['bool', 17],
} as const
export type SolveRequest = Message<typeof SolveRequest>

const SolveResponse = {
  ExporterResponse: ['string', 1, 'map'],
} as const

const ListWorkersRequest = {
  filter: ['string', 1, 'repeated'],
} as const

const ListWorkersResponse = {
  record: [WorkerRecord as typeof WorkerRecord, 1, 'repeated'],
} as const

const InfoResponse = {
  buildkitVersion: [BuildkitVersion as typeof BuildkitVersion, 1],
} as const

export const PruneRequest = {
  filter: ['string', 1, 'repeated'],
  all: ['bool', 2],
  /** Nanoseconds. */
  keepDuration: ['bigint', 3],
  reservedSpace: ['int64', 4],
  maxUsedSpace: ['int64', 5],
  minFreeSpace: ['int64', 6],
} as const
export type PruneRequest = Message<typeof PruneRequest>

const DiskUsageRequest = {
  filter: ['string', 1, 'repeated'],
  /** Nanoseconds. */
  ageLimit: ['bigint', 2],
} as const

export const UsageRecord = {
  ID: ['string', 1],
  Mutable: ['bool', 2],
  InUse: ['bool', 3],
  Size: ['int64', 4],
  CreatedAt: [Timestamp as typeof Timestamp, 6],
  LastUsedAt: [Timestamp as typeof Timestamp, 7],
  UsageCount: ['int64', 8],
  Description: ['string', 9],
  RecordType: ['string', 10],
  Shared: ['bool', 11],
  Parents: ['string', 12, 'repeated'],
} as const

const DiskUsageResponse = {
  record: [UsageRecord as typeof UsageRecord, 1, 'repeated'],
} as const

export const Solve = {
  path: '/moby.buildkit.v1.Control/Solve',
  request: SolveRequest as typeof SolveRequest,
  response: SolveResponse as typeof SolveResponse,
} as const

export const Status = {
  path: '/moby.buildkit.v1.Control/Status',
  request: StatusRequest as typeof StatusRequest,
  response: StatusResponse as typeof StatusResponse,
} as const

export const ListWorkers = {
  path: '/moby.buildkit.v1.Control/ListWorkers',
  request: ListWorkersRequest as typeof ListWorkersRequest,
  response: ListWorkersResponse as typeof ListWorkersResponse,
} as const

export const Info = {
  path: '/moby.buildkit.v1.Control/Info',
  request: Nothing as typeof Nothing,
  response: InfoResponse as typeof InfoResponse,
} as const

export const DiskUsage = {
  path: '/moby.buildkit.v1.Control/DiskUsage',
  request: DiskUsageRequest as typeof DiskUsageRequest,
  response: DiskUsageResponse as typeof DiskUsageResponse,
} as const

export const Prune = {
  path: '/moby.buildkit.v1.Control/Prune',
  request: PruneRequest as typeof PruneRequest,
  response: UsageRecord as typeof UsageRecord,
} as const
