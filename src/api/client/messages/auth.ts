const CredentialsRequest = { host: ['string', 1] } as const

const CredentialsResponse = { username: ['string', 1], secret: ['string', 2] } as const

export const Credentials = {
  path: '/moby.filesync.v1.Auth/Credentials',
  request: CredentialsRequest as typeof CredentialsRequest,
  response: CredentialsResponse as typeof CredentialsResponse,
} as const
