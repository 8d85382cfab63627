import { openRuntime, type Runtime } from '#runtime'
import type { Container } from '../model/record.ts'

/** The runtime of a container: its own, or that of the machine. */
export function runtimeOf(
  { runtime }: { readonly runtime: Runtime },
  { settings }: Pick<Container, 'settings'>,
): Runtime {
  return settings.runtime === undefined ? runtime : openRuntime(settings.runtime)
}
