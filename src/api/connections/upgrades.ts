import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { factsOfHeaders } from './session-facts.ts'

/** `POST /grpc`: the client calls services on the connection. */
export async function grpc(call: ApiCall): Promise<Response> {
  const connections = await call.connections()
  return upgradeOf(call).accept({}, (connection) => connections.serve(connection))
}

/** `POST /session`: the client offers services on the connection. */
export async function session(call: ApiCall): Promise<Response> {
  const connections = await call.connections()
  const { headers } = call.request
  if (factsOfHeaders(headers).id === '') throw new ApiError(400, 'the session has no ID')
  return upgradeOf(call).accept({}, (connection) => connections.openSession(connection, headers))
}

function upgradeOf({ exchange }: ApiCall): NonNullable<ApiCall['exchange']['upgrade']> {
  const { upgrade } = exchange
  if (upgrade?.protocol.toLowerCase() === 'h2c') return upgrade
  throw new ApiError(400, 'the connection must be upgraded to h2c')
}
