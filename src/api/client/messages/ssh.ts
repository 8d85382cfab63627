import { BytesMessage } from '#grpc'

const CheckAgentRequest = { id: ['string', 1] } as const

const CheckAgentResponse = {} as const

export const CheckAgent = {
  path: '/moby.sshforward.v1.SSH/CheckAgent',
  request: CheckAgentRequest as typeof CheckAgentRequest,
  response: CheckAgentResponse as typeof CheckAgentResponse,
} as const

export const ForwardAgent = {
  path: '/moby.sshforward.v1.SSH/ForwardAgent',
  request: BytesMessage as typeof BytesMessage,
  response: BytesMessage as typeof BytesMessage,
} as const
