import type { Draft, Message } from '#grpc'
import { Descriptor, Exporter, Nothing, Status, Timestamp } from './common.ts'

export const BuildHistoryRequest = {
  ActiveOnly: ['bool', 1],
  Ref: ['string', 2],
  EarlyExit: ['bool', 3],
  Filter: ['string', 4, 'repeated'],
  Limit: ['int32', 5],
} as const
export type BuildHistoryRequest = Message<typeof BuildHistoryRequest>

/** An entry of a map with integers as keys. */
const NumberedResult = {
  key: ['int64', 1],
  value: [Descriptor as typeof Descriptor, 2],
} as const

const BuildResultInfo = {
  ResultDeprecated: [Descriptor as typeof Descriptor, 1],
  Attestations: [Descriptor as typeof Descriptor, 2, 'repeated'],
  Results: [NumberedResult as typeof NumberedResult, 3, 'repeated'],
} as const

export const BuildHistoryRecord = {
  Ref: ['string', 1],
  Frontend: ['string', 2],
  FrontendAttrs: ['string', 3, 'map'],
  Exporters: [Exporter as typeof Exporter, 4, 'repeated'],
  error: [Status as typeof Status, 5],
  CreatedAt: [Timestamp as typeof Timestamp, 6],
  CompletedAt: [Timestamp as typeof Timestamp, 7],
  logs: [Descriptor as typeof Descriptor, 8],
  ExporterResponse: ['string', 9, 'map'],
  Result: [BuildResultInfo as typeof BuildResultInfo, 10],
  Results: [BuildResultInfo as typeof BuildResultInfo, 11, 'map'],
  Generation: ['int32', 12],
  pinned: ['bool', 14],
  numCachedSteps: ['int32', 15],
  numTotalSteps: ['int32', 16],
  numCompletedSteps: ['int32', 17],
  externalError: [Descriptor as typeof Descriptor, 18],
  numWarnings: ['int32', 19],
} as const
export type BuildHistoryRecord = Draft<typeof BuildHistoryRecord>

/** The kinds of an event. */
export const historyEvent: { readonly started: 0; readonly complete: 1; readonly deleted: 2 } = {
  started: 0,
  complete: 1,
  deleted: 2,
}

export const BuildHistoryEvent = {
  type: ['int32', 1],
  record: [BuildHistoryRecord as typeof BuildHistoryRecord, 2],
} as const
export type BuildHistoryEvent = Draft<typeof BuildHistoryEvent>

const UpdateBuildHistoryRequest = {
  Ref: ['string', 1],
  Pinned: ['bool', 2],
  Delete: ['bool', 3],
  Finalize: ['bool', 4],
} as const

export const ListenBuildHistory = {
  path: '/moby.buildkit.v1.Control/ListenBuildHistory',
  request: BuildHistoryRequest as typeof BuildHistoryRequest,
  response: BuildHistoryEvent as typeof BuildHistoryEvent,
} as const

export const UpdateBuildHistory = {
  path: '/moby.buildkit.v1.Control/UpdateBuildHistory',
  request: UpdateBuildHistoryRequest as typeof UpdateBuildHistoryRequest,
  response: Nothing as typeof Nothing,
} as const
