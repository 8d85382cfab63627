const CredentialsRequest = { host: ['string', 1] } as const

const CredentialsResponse = { username: ['string', 1], secret: ['string', 2] } as const

const FetchTokenRequest = {
  clientId: ['string', 1],
  host: ['string', 2],
  realm: ['string', 3],
  service: ['string', 4],
  scopes: ['string', 5, 'repeated'],
} as const

const FetchTokenResponse = {
  token: ['string', 1],
  /** In seconds. */
  expiresIn: ['int64', 2],
  /** In seconds since 1970. */
  issuedAt: ['int64', 3],
} as const

export const Credentials = {
  path: '/moby.filesync.v1.Auth/Credentials',
  request: CredentialsRequest as typeof CredentialsRequest,
  response: CredentialsResponse as typeof CredentialsResponse,
} as const

export const FetchToken = {
  path: '/moby.filesync.v1.Auth/FetchToken',
  request: FetchTokenRequest as typeof FetchTokenRequest,
  response: FetchTokenResponse as typeof FetchTokenResponse,
} as const
