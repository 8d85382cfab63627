import { isTerminal } from '#platform'
import { DescriptorStreams } from './descriptor-streams.ts'
import { SessionError } from './session-error.ts'
import type { ContainerStreams } from './streams.ts'

/**
 * Throws if a user's input is to reach a terminal in a container and is not a terminal
 * itself.
 */
export function requireTerminal(streams: ContainerStreams = new DescriptorStreams()): void {
  if (!(streams instanceof DescriptorStreams) || isTerminal(streams.descriptors.stdin)) return
  throw new SessionError(
    'INVALID',
    'Cannot attach stdin to a TTY-enabled container because stdin is not a terminal',
    { remedy: 'leave out -t, or -i' },
  )
}
