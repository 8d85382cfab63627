import type { NamedContext } from '#build'
import type { KeptPlace } from './check-tree-output.ts'

/** The parts of a build request that can name files of this machine. */
export interface BuildInputs {
  readonly context?: unknown
  readonly contexts?: ReadonlyMap<string, NamedContext> | undefined
  readonly dockerfile?: unknown
  readonly secrets?:
    | readonly { readonly id: string; readonly file?: string | undefined }[]
    | undefined
  readonly agents?:
    | readonly { readonly id: string; readonly paths: readonly string[] }[]
    | undefined
  readonly sourcePolicyFile?: string | undefined
}

/** Returns the files and directories of this machine that a build reads. */
export function inputPlaces(inputs: BuildInputs): readonly KeptPlace[] {
  const { contexts = new Map(), secrets = [], agents = [] } = inputs
  const places = [
    ['the build context', inputs.context],
    ...[...contexts].map(([name, each]) => [
      `the build context ${name}`,
      each.kind === 'directory' || (each.kind === 'layout' && each.served === undefined)
        ? each.path
        : undefined,
    ]),
    ['the Dockerfile', inputs.dockerfile],
    ['the source policy', inputs.sourcePolicyFile],
    ...secrets.map(({ id, file }) => [`the secret ${id}`, file]),
    ...agents.flatMap(({ id, paths }) => paths.map((path) => [`a key or socket of ${id}`, path])),
  ] as const
  return places.flatMap(([what, path]) => (typeof path === 'string' ? [{ what, path }] : []))
}
