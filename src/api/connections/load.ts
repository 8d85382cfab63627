import type { Engine } from '#engine/engine'
import type { LocalConnections } from './connections.ts'

export interface LoadOptions {
  readonly onFailure?: ((error: unknown, request: Request) => void) | undefined
  readonly begin: () => () => void
}

/** Returns a function that loads the code of connections when the first client needs it. */
export function loadConnections(
  engine: Engine,
  { onFailure, begin }: LoadOptions,
): () => Promise<LocalConnections> {
  let loaded: Promise<LocalConnections> | undefined
  const load = async (): Promise<LocalConnections> => {
    const { createConnections } = await import('./local-connections.ts')
    return createConnections(engine, {
      begin,
      onFailure: (error, path) => onFailure?.(error, new Request(`http://localhost${path}`)),
    })
  }
  return () => {
    loaded ??= load()
    return loaded
  }
}
