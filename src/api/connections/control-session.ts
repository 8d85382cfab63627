import { BytesMessage, bidi, type Method, tunnel } from '#grpc'
import type { Sessions } from '../client/sessions.ts'
import { factsOfCall } from './session-facts.ts'

const Session = {
  path: '/moby.buildkit.v1.Control/Session',
  request: BytesMessage as typeof BytesMessage,
  response: BytesMessage as typeof BytesMessage,
} as const

/** A session inside a call: its messages carry the bytes of the connection. */
export function controlSession(sessions: Sessions): Method {
  return bidi(Session, async (stream, { metadata, signal }) => {
    const { closed } = sessions.open(tunnel(stream), factsOfCall(metadata))
    // The client waits for the end of the call, so it must end with the session.
    await new Promise<void>((resolve) => {
      for (const end of [closed, signal]) {
        if (end.aborted) resolve()
        else end.addEventListener('abort', () => resolve(), { once: true })
      }
    })
  })
}
