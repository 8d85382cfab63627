const InfoRequest = { digest: ['string', 1] } as const

const Info = { digest: ['string', 1], size: ['int64', 2] } as const

const InfoResponse = { info: [Info as typeof Info, 1] } as const

const ReadRequest = { digest: ['string', 1], offset: ['int64', 2], size: ['int64', 3] } as const

const ReadResponse = { offset: ['int64', 1], data: ['bytes', 2] } as const

/** The size of a blob. */
export const BlobInfo = {
  path: '/containerd.services.content.v1.Content/Info',
  request: InfoRequest as typeof InfoRequest,
  response: InfoResponse as typeof InfoResponse,
} as const

/** A part of a blob. */
export const ReadBlob = {
  path: '/containerd.services.content.v1.Content/Read',
  request: ReadRequest as typeof ReadRequest,
  response: ReadResponse as typeof ReadResponse,
} as const
