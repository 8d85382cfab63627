const InfoRequest = { digest: ['string', 1] } as const

const BlobFacts = { digest: ['string', 1], size: ['int64', 2] } as const

const InfoResponse = { info: [BlobFacts as typeof BlobFacts, 1] } as const

const ReadRequest = { digest: ['string', 1], offset: ['int64', 2], size: ['int64', 3] } as const

const ReadResponse = { offset: ['int64', 1], data: ['bytes', 2] } as const

/** The steps of writing a blob. */
export const writeAction = { begin: 0, write: 1, commit: 2 } as const

const WriteRequest = {
  action: ['int32', 1],
  /** The name of the unfinished blob. */
  ref: ['string', 2],
  total: ['int64', 3],
  expected: ['string', 4],
  offset: ['int64', 5],
  data: ['bytes', 6],
} as const

const WriteResponse = { action: ['int32', 1], offset: ['int64', 4], digest: ['string', 6] } as const

export const Info = {
  path: '/containerd.services.content.v1.Content/Info',
  request: InfoRequest as typeof InfoRequest,
  response: InfoResponse as typeof InfoResponse,
} as const

export const Read = {
  path: '/containerd.services.content.v1.Content/Read',
  request: ReadRequest as typeof ReadRequest,
  response: ReadResponse as typeof ReadResponse,
} as const

export const Write = {
  path: '/containerd.services.content.v1.Content/Write',
  request: WriteRequest as typeof WriteRequest,
  response: WriteResponse as typeof WriteResponse,
} as const
