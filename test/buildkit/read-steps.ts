import type { BuiltStep } from './builder.ts'

interface Vertex {
  readonly digest: string
  readonly name: string
  readonly cached?: boolean
  readonly completed?: string
}

/** Reads the vertices of `--progress rawjson` of both programs: one JSON value a line, each with some vertices. */
export function readSteps(progress: string): readonly BuiltStep[] {
  const last = new Map<string, Vertex>()
  for (const line of progress.split('\n').filter((each) => each.startsWith('{'))) {
    const { vertexes }: { readonly vertexes?: readonly Vertex[] } = JSON.parse(line)
    for (const vertex of vertexes ?? [])
      last.set(vertex.digest, { ...last.get(vertex.digest), ...vertex })
  }
  return [...last.values()].map(({ name, cached, completed }) => ({
    name,
    ran: cached !== true && completed !== undefined,
  }))
}
