import type { Message } from '#grpc'

/** Facts about an operation, of which clients only look whether there are some. */
const OpMetadata = {} as const

/** A graph of operations in BuildKit's format, of which only the own references are read. */
export const Definition = {
  def: ['bytes', 1, 'repeated'],
  metadata: [OpMetadata as typeof OpMetadata, 2, 'map'],
} as const
export type Definition = Message<typeof Definition>

export const Platform = {
  Architecture: ['string', 1],
  OS: ['string', 2],
  Variant: ['string', 3],
  OSVersion: ['string', 4],
  OSFeatures: ['string', 5, 'repeated'],
} as const

const SourceOp = {
  identifier: ['string', 1],
  attrs: ['string', 2, 'map'],
} as const

const Input = {
  digest: ['string', 1],
  index: ['int64', 2],
} as const

export const Op = {
  inputs: [Input as typeof Input, 1, 'repeated'],
  source: [SourceOp as typeof SourceOp, 3],
  platform: [Platform as typeof Platform, 10],
} as const

const Position = {
  line: ['int32', 1],
  character: ['int32', 2],
} as const

export const Range = {
  start: [Position as typeof Position, 1],
  end: [Position as typeof Position, 2],
} as const

export const SourceInfo = {
  filename: ['string', 1],
  data: ['bytes', 2],
  language: ['string', 4],
} as const
