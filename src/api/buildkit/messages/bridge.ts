import type { Draft, Message } from '#grpc'
import { Stat } from '../../client/messages/files.ts'
import { CacheOptionsEntry, Nothing, Status, WorkerRecord } from './common.ts'
import { Definition } from './ops.ts'

const Ref = {
  id: ['string', 1],
  def: [Definition as typeof Definition, 2],
} as const

const RefMap = {
  refs: [Ref as typeof Ref, 1, 'map'],
} as const

/** The result of a build: of one platform, or of several by their names. */
export const Result = {
  ref: [Ref as typeof Ref, 3],
  refs: [RefMap as typeof RefMap, 4],
  metadata: ['bytes', 10, 'map'],
} as const
export type Result = Message<typeof Result>
export type ResultDraft = Draft<typeof Result>

export const SolveRequest = {
  Definition: [Definition as typeof Definition, 1],
  Frontend: ['string', 2],
  FrontendOpt: ['string', 3, 'map'],
  CacheImports: [CacheOptionsEntry as typeof CacheOptionsEntry, 12, 'repeated'],
  FrontendInputs: [Definition as typeof Definition, 13, 'map'],
  Evaluate: ['bool', 14],
} as const
export type SolveRequest = Message<typeof SolveRequest>

const SolveResponse = {
  result: [Result as typeof Result, 3],
} as const

export const ReturnRequest = {
  result: [Result as typeof Result, 1],
  error: [Status as typeof Status, 2],
} as const
export type ReturnRequest = Message<typeof ReturnRequest>

const EvaluateRequest = {
  Ref: ['string', 1],
} as const

const ApiCap = {
  ID: ['string', 1],
  Enabled: ['bool', 2],
} as const

const PongResponse = {
  FrontendAPICaps: [ApiCap as typeof ApiCap, 1, 'repeated'],
  LLBCaps: [ApiCap as typeof ApiCap, 2, 'repeated'],
  Workers: [WorkerRecord as typeof WorkerRecord, 3, 'repeated'],
} as const

const StatFileRequest = {
  Ref: ['string', 1],
  Path: ['string', 2],
} as const

const StatFileResponse = {
  stat: [Stat as typeof Stat, 1],
} as const

const FileRange = {
  Offset: ['int64', 1],
  Length: ['int64', 2],
} as const

const ReadFileRequest = {
  Ref: ['string', 1],
  FilePath: ['string', 2],
  Range: [FileRange as typeof FileRange, 3],
} as const

const ReadFileResponse = {
  Data: ['bytes', 1],
} as const

export const StatFile = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/StatFile',
  request: StatFileRequest as typeof StatFileRequest,
  response: StatFileResponse as typeof StatFileResponse,
} as const

export const ReadFile = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/ReadFile',
  request: ReadFileRequest as typeof ReadFileRequest,
  response: ReadFileResponse as typeof ReadFileResponse,
} as const

export const Ping = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/Ping',
  request: Nothing as typeof Nothing,
  response: PongResponse as typeof PongResponse,
} as const

export const Solve = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/Solve',
  request: SolveRequest as typeof SolveRequest,
  response: SolveResponse as typeof SolveResponse,
} as const

export const Return = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/Return',
  request: ReturnRequest as typeof ReturnRequest,
  response: Nothing as typeof Nothing,
} as const

export const Evaluate = {
  path: '/moby.buildkit.v1.frontend.LLBBridge/Evaluate',
  request: EvaluateRequest as typeof EvaluateRequest,
  response: Nothing as typeof Nothing,
} as const
