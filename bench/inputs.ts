import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The project of DESIGN section 11: some 56,000 files in 520 MB. */
const dependencies = {
  '@aws-sdk/client-s3': '^3',
  '@mui/icons-material': '^7',
  '@mui/material': '^7',
  'date-fns': '^4',
  express: '^5',
  lodash: '^4',
  next: '^15',
  react: '^19',
  'react-dom': '^19',
  typescript: '^5',
  vite: '^6',
}

const dockerfile = `FROM base
WORKDIR /app
COPY package.json package-lock.json ./
RUN sha256sum package-lock.json > /lock.sum
COPY . .
RUN ls -R /app | wc -l > /count
ENV NODE_ENV=production
CMD ["cat", "/count"]
`

/** Kept between runs, because npm and mmdebstrap take minutes. */
export const cache: string = resolve(import.meta.dir, '.cache')

export interface Inputs {
  /** The build context; copied before it is changed. */
  readonly project: string
  /** A tar archive of the root of the base image. */
  readonly base: string
}

/** Makes the inputs that are not there yet. */
export async function prepareInputs(): Promise<Inputs> {
  const project = join(cache, 'app')
  const base = join(cache, 'base.tar')
  await mkdir(join(project, 'src'), { recursive: true })
  if (!existsSync(base)) {
    await run(['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', `${base}.new.tar`], cache)
    await rename(`${base}.new.tar`, base)
  }
  if (!existsSync(join(project, 'node_modules/.package-lock.json'))) {
    const manifest = { name: 'app', private: true, dependencies }
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest, null, 2))
    await run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--force'], project)
  }
  await writeFile(join(project, 'Dockerfile'), dockerfile)
  await writeFile(join(project, 'src/main.js'), 'console.log("hello")\n')
  return { project, base }
}

const peerPackages = [
  'buildah',
  'ca-certificates',
  'crun',
  'docker-buildx',
  'docker-cli',
  'docker-registry',
  'docker.io',
  'iproute2',
  'iptables',
  'netavark',
  'nftables',
  'pigz',
  'podman',
  'procps',
  'runc',
  'skopeo',
  'zstd',
]

/** A root with the peers of Debian trixie, made once. */
export async function preparePeers(): Promise<string> {
  const root = join(cache, 'peers')
  if (existsSync(root)) return root
  console.log('making the root of the peers: Docker and Podman of Debian trixie')
  const include = `--include=${peerPackages.join(',')}`
  const unfinished = `${root}.new`
  await run(['rm', '-rf', unfinished], cache)
  await run(
    [
      'mmdebstrap',
      '--quiet',
      '--variant=minbase',
      '--format=directory',
      include,
      'trixie',
      unfinished,
    ],
    cache,
  )
  await rename(unfinished, root)
  return root
}

async function run(argv: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...argv], { cwd, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  if ((await child.exited) !== 0) throw new Error(`${argv.join(' ')} did not succeed`)
}
