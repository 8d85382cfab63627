import type { Draft, Message } from '#grpc'
import { Platform } from './ops.ts'

/** `google.protobuf.Timestamp` */
export const Timestamp = {
  seconds: ['int64', 1],
  nanos: ['int32', 2],
} as const
export type Timestamp = Draft<typeof Timestamp>

const Any = {
  typeUrl: ['string', 1],
  value: ['bytes', 2],
} as const

/** `google.rpc.Status` */
export const Status = {
  code: ['int32', 1],
  message: ['string', 2],
  details: [Any as typeof Any, 3, 'repeated'],
} as const

export const BuildkitVersion = {
  package: ['string', 1],
  version: ['string', 2],
  revision: ['string', 3],
  dockerfileVersion: ['string', 4],
} as const

const GCPolicy = {
  all: ['bool', 1],
  keepDuration: ['int64', 2],
  reservedSpace: ['int64', 3],
  filters: ['string', 4, 'repeated'],
  maxUsedSpace: ['int64', 5],
  minFreeSpace: ['int64', 6],
} as const

export const WorkerRecord = {
  ID: ['string', 1],
  Labels: ['string', 2, 'map'],
  platforms: [Platform as typeof Platform, 3, 'repeated'],
  GCPolicy: [GCPolicy as typeof GCPolicy, 4, 'repeated'],
  BuildkitVersion: [BuildkitVersion as typeof BuildkitVersion, 5],
} as const

export const CacheOptionsEntry = {
  Type: ['string', 1],
  Attrs: ['string', 2, 'map'],
} as const
export type CacheOptionsEntry = Message<typeof CacheOptionsEntry>

/** An output of a build. */
export const Exporter = {
  Type: ['string', 1],
  Attrs: ['string', 2, 'map'],
} as const
export type Exporter = Message<typeof Exporter>

/** A descriptor of the image specification. */
export const Descriptor = {
  mediaType: ['string', 1],
  digest: ['string', 2],
  size: ['int64', 3],
  annotations: ['string', 5, 'map'],
} as const

export const Nothing = {} as const
