import type { Draft } from '#grpc'
import { Timestamp } from './common.ts'
import { Range, SourceInfo } from './ops.ts'

export const StatusRequest = {
  Ref: ['string', 1],
} as const

const Vertex = {
  digest: ['string', 1],
  inputs: ['string', 2, 'repeated'],
  name: ['string', 3],
  cached: ['bool', 4],
  started: [Timestamp as typeof Timestamp, 5],
  completed: [Timestamp as typeof Timestamp, 6],
  error: ['string', 7],
} as const
export type Vertex = Draft<typeof Vertex>

const VertexStatus = {
  ID: ['string', 1],
  vertex: ['string', 2],
  name: ['string', 3],
  current: ['int64', 4],
  total: ['int64', 5],
  timestamp: [Timestamp as typeof Timestamp, 6],
  started: [Timestamp as typeof Timestamp, 7],
  completed: [Timestamp as typeof Timestamp, 8],
} as const
export type VertexStatus = Draft<typeof VertexStatus>

const VertexLog = {
  vertex: ['string', 1],
  timestamp: [Timestamp as typeof Timestamp, 2],
  stream: ['int64', 3],
  msg: ['bytes', 4],
} as const

const VertexWarning = {
  vertex: ['string', 1],
  level: ['int64', 2],
  short: ['bytes', 3],
  detail: ['bytes', 4, 'repeated'],
  url: ['string', 5],
  info: [SourceInfo as typeof SourceInfo, 6],
  ranges: [Range as typeof Range, 7, 'repeated'],
} as const
export type VertexWarning = Draft<typeof VertexWarning>

/** What happened in a build since the last one of these messages. */
export const StatusResponse = {
  vertexes: [Vertex as typeof Vertex, 1, 'repeated'],
  statuses: [VertexStatus as typeof VertexStatus, 2, 'repeated'],
  logs: [VertexLog as typeof VertexLog, 3, 'repeated'],
  warnings: [VertexWarning as typeof VertexWarning, 4, 'repeated'],
} as const
export type StatusResponse = Draft<typeof StatusResponse>
