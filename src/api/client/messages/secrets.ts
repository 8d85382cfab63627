const GetSecretRequest = { id: ['string', 1] } as const

const GetSecretResponse = { data: ['bytes', 1] } as const

export const GetSecret = {
  path: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
  request: GetSecretRequest as typeof GetSecretRequest,
  response: GetSecretResponse as typeof GetSecretResponse,
} as const
