const HealthCheckRequest = { service: ['string', 1] } as const

/** The value of `status` while the service works. */
export const serving = 1

const HealthCheckResponse = { status: ['int32', 1] } as const

export const Check = {
  path: '/grpc.health.v1.Health/Check',
  request: HealthCheckRequest as typeof HealthCheckRequest,
  response: HealthCheckResponse as typeof HealthCheckResponse,
} as const
