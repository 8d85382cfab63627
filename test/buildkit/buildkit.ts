import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { end, until } from '../e2e/servers.ts'
import { command } from '../e2e/strake.ts'
import type { BuilderOutcome } from './builder.ts'
import type { PreparedCase } from './case.ts'
import { readSteps } from './read-steps.ts'

/** A running buildkitd. It and its files end with the scope. */
export interface BuildKit extends AsyncDisposable {
  readonly address: string
}

/** The directory of the built programs of BuildKit. */
const programs: string = process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers'

/** Returns why BuildKit cannot run here; `undefined` if it can. */
export function buildkitMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const absent = ['buildkitd', 'buildctl'].filter((name) => !existsSync(join(programs, name)))
  if (absent.length > 0) return `needs ${absent.join(' and ')} in ${programs}`
  return Bun.which('runc') === null ? 'needs runc' : undefined
}

/** Starts buildkitd in a mount namespace of its own, so that nothing stays mounted after it. */
export async function startBuildkit(directory: string): Promise<BuildKit> {
  const root = join(directory, 'buildkit')
  await mkdir(root, { recursive: true })
  const address = `unix://${join(root, 'socket')}`
  const argv = [
    ...['unshare', '--mount', '--propagation', 'private', join(programs, 'buildkitd')],
    ...['--root', join(root, 'root'), '--addr', address, '--config', '/dev/null'],
    ...['--oci-worker=true', '--containerd-worker=false', '--oci-worker-net', 'host'],
    ...['--oci-worker-snapshotter', 'overlayfs', '--oci-worker-gc=false'],
  ]
  const log = Bun.file(join(root, 'log'))
  const child = Bun.spawn(argv, { stdout: 'ignore', stderr: log, env: { ...process.env } })
  await until(async () => {
    const listed = await command([
      join(programs, 'buildctl'),
      '--addr',
      address,
      'debug',
      'workers',
    ])
    return listed.exitCode === 0
  })
  return {
    address,
    async [Symbol.asyncDispose]() {
      await end(child)
      await rm(root, { recursive: true, force: true })
    },
  }
}

const layout = 'type=oci,tar=false,compression=uncompressed,force-compression=true'

/** Builds with BuildKit, with base images from the OCI layout `images`, into the directory `output`. */
export async function buildWithBuildkit(
  { address }: BuildKit,
  { directory, context, options }: PreparedCase,
  images: { readonly layout: string; readonly manifests: ReadonlyMap<string, string> },
  output?: string,
): Promise<BuilderOutcome> {
  const image = (name: string): string => `oci-layout://images@${images.manifests.get(name)}`
  const named = Object.entries(options.contexts).filter(
    ([, source]) => !source.startsWith('image:'),
  )
  const opts = [
    ...[...images.manifests.keys()].map((name) => `context:${name}=${image(name)}`),
    ...Object.entries(options.contexts).map(([name, source]) =>
      source.startsWith('image:')
        ? `context:${name}=${image(source.slice('image:'.length))}`
        : `context:${name}=local:named-${name}`,
    ),
    ...Object.entries(options.arguments).map(([key, value]) => `build-arg:${key}=${value}`),
    ...Object.entries(options.labels).map(([key, value]) => `label:${key}=${value}`),
    ...(options.target === undefined ? [] : [`target=${options.target}`]),
    ...(options.noCache === true ? ['no-cache='] : []),
  ]
  const argv = [
    ...[join(programs, 'buildctl'), '--addr', address, 'build', '--progress', 'rawjson'],
    ...['--frontend', 'dockerfile.v0', '--oci-layout', `images=${images.layout}`],
    ...['--local', `context=${context}`, '--local', `dockerfile=${context}`],
    ...named.flatMap(([name]) => ['--local', `named-${name}=${join(directory, `named-${name}`)}`]),
    ...opts.flatMap((opt) => ['--opt', opt]),
    ...Object.keys(options.secrets).flatMap((id) => [
      '--secret',
      `id=${id},src=${join(directory, 'secrets', id)}`,
    ]),
    ...(output === undefined ? [] : ['--output', `${layout},dest=${output}`]),
  ]
  const { exitCode, stderr, stdout } = await command(argv, { timeout: 120_000 })
  if (exitCode !== 0) return { error: lastWords(stderr + stdout), steps: [] }
  return { steps: readSteps(stderr) }
}

/** The message of a failed build, without the lines of progress before it. */
function lastWords(output: string): string {
  const lines = output.split('\n').filter((line) => !/^(\{|time=)/.test(line))
  return lines.join('\n').slice(-2000)
}
