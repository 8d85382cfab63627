import { parse } from '#dockerfile'
import { layoutDockerfile } from '#dockerfile/layout/layout'
import { StrakeError } from '#oci'
import { readDockerfile } from './dockerfile-file.ts'

export interface Formatted {
  readonly name: string
  readonly original: string
  readonly text: string
}

/** Reads Dockerfiles and returns them in the usual layout. Throws for one with a mistake. Writes nothing. */
export async function formatDockerfiles(
  places: readonly string[],
  signal: AbortSignal,
): Promise<Formatted[]> {
  const formatted: Formatted[] = []
  for (const name of places) {
    const original = await readDockerfile(name, signal)
    const mistake = parse(original).diagnostics.find(({ severity }) => severity === 'error')
    if (mistake !== undefined) {
      const place = `${name}:${mistake.range.start.line}`
      throw new StrakeError('INVALID', `Cannot format ${place}: ${mistake.message}`, {
        remedy: `see all mistakes with strake dockerfile lint ${name}`,
      })
    }
    formatted.push({ name, original, text: layoutDockerfile(original) })
  }
  return formatted
}
