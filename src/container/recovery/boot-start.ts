import type { RestartPolicy } from '../model/options.ts'
import type { Container } from '../model/record.ts'

/**
 * Whether a container is started when the machine starts. As in Docker, `always` also starts
 * what a user has stopped, and `on-failure` what ended with an error.
 */
export function startsAtBoot(
  { name, maximumRetryCount }: RestartPolicy,
  {
    state,
    isStoppedByUser,
  }: { readonly state: Container['state']; readonly isStoppedByUser: boolean },
): boolean {
  // Docker does not start what was only created.
  if (state.startedAt === '') return false
  switch (name) {
    case 'no':
      return false
    case 'always':
      return true
    case 'unless-stopped':
      return !isStoppedByUser
    case 'on-failure': {
      const mayRestart = maximumRetryCount === 0 || state.restartCount < maximumRetryCount
      return state.exitCode !== 0 && mayRestart
    }
  }
}

/**
 * Puts containers after those that they need. `needs` returns IDs. Containers that need
 * each other in a circle keep their order.
 */
export function inStartOrder<One extends Pick<Container, 'id'>>(
  containers: readonly One[],
  needs: (container: One) => readonly string[],
): readonly One[] {
  const ordered = new Set<One>()
  const open = new Set<One>()
  const visit = (one: One): void => {
    if (ordered.has(one) || open.has(one)) return
    open.add(one)
    const wanted = needs(one)
    for (const other of containers) {
      if (wanted.includes(other.id)) visit(other)
    }
    open.delete(one)
    ordered.add(one)
  }
  for (const one of containers) visit(one)
  return [...ordered]
}
