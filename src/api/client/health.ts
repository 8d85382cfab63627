import { type GrpcClient, isGrpcError } from '#grpc'
import { Check } from './messages/health.ts'

/** Milliseconds between two questions. */
const interval = 5_000

/** Milliseconds for one answer. */
const patience = 15_000

/** Questions without an answer, one after the other, after which the client is dead. */
const mostFailures = 2

/** Asks the client from time to time whether it lives, and closes the connection if it does not. */
export function watchHealth(client: GrpcClient, timeout: number = patience): void {
  const { closed } = client
  let failures = 0
  let timer = setTimeout(ask, interval)
  closed.addEventListener('abort', () => clearTimeout(timer), { once: true })

  function ask(): void {
    client
      .call(Check, {}, { timeout })
      .then(
        () => true,
        // A client that does not know the question has answered it.
        (error) => isGrpcError(error, 'UNIMPLEMENTED'),
      )
      .then((isAlive) => {
        failures = isAlive ? 0 : failures + 1
        if (closed.aborted) return
        if (failures === mostFailures) client[Symbol.dispose]()
        else timer = setTimeout(ask, interval)
      })
  }
}
