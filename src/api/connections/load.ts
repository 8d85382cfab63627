import type { Engine } from '#engine/engine'
import type { Connections } from './connections.ts'

/** Returns a function that loads the code of connections when the first client needs it. */
export function loadConnections(
  engine: Engine,
  onFailure: ((error: unknown, request: Request) => void) | undefined,
): () => Promise<Connections> {
  let loaded: Promise<Connections> | undefined
  const load = async (): Promise<Connections> => {
    const { createConnections } = await import('./connections.ts')
    return createConnections(engine, {
      onFailure: (error, path) => onFailure?.(error, new Request(`http://localhost${path}`)),
    })
  }
  return () => {
    loaded ??= load()
    return loaded
  }
}
