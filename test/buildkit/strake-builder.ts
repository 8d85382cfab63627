import { join } from 'node:path'
import type { Strake } from '../e2e/strake.ts'
import type { BuilderOutcome } from './builder.ts'
import type { PreparedCase } from './case.ts'
import { readSteps } from './read-steps.ts'

/** Builds with the built program, and exports to the directory `output`, if there is one. */
export async function buildWithStrake(
  strake: Strake,
  { directory, context, options }: PreparedCase,
  output?: string,
): Promise<BuilderOutcome> {
  const args = [
    ...pairs('--build-arg', options.arguments),
    ...pairs('--label', options.labels),
    ...(options.target === undefined ? [] : ['--target', options.target]),
    ...(options.noCache === true ? ['--no-cache'] : []),
    ...Object.keys(options.secrets).flatMap((id) => [
      '--secret',
      `id=${id},src=${join(directory, 'secrets', id)}`,
    ]),
    ...Object.entries(options.contexts).flatMap(([name, source]) => [
      '--build-context',
      source.startsWith('image:')
        ? `${name}=docker-image://${source.slice('image:'.length)}`
        : `${name}=${join(directory, `named-${name}`)}`,
    ]),
  ]
  const exported =
    output === undefined
      ? ['-o', 'type=cacheonly']
      : ['-o', `type=oci,tar=false,compression=uncompressed,dest=${output}`]
  const run = ['build', '--progress', 'rawjson', ...exported, ...args, context]
  const { exitCode, stderr } = await strake(...run)
  if (exitCode !== 0) return { error: stderr.slice(-2000), steps: [] }
  return { steps: readSteps(stderr) }
}

function pairs(flag: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`])
}
