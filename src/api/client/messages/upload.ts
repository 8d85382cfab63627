import { BytesMessage } from '#grpc'

export const Pull = {
  path: '/moby.upload.v1.Upload/Pull',
  request: BytesMessage as typeof BytesMessage,
  response: BytesMessage as typeof BytesMessage,
} as const
