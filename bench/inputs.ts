import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The project that rows build: about 56,000 files in 520 MB. */
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
  /** The build context. Rows change a copy of it. */
  readonly project: string
  /** A tar archive of the root of the base image. */
  readonly base: string
}

/** Makes absent inputs. */
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
  'docker-registry',
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

/** A root with Podman and the runtimes of Debian sid, and with Docker 29; made once. */
export async function preparePeers(): Promise<string> {
  const root = join(cache, 'peers-sid')
  if (existsSync(root)) return root
  const docker = await prepareDocker()
  console.log('making the root of the peers: Podman, crun and runc of Debian sid')
  const include = `--include=${peerPackages.join(',')}`
  const unfinished = `${root}.new`
  await run(['rm', '-rf', unfinished], cache)
  await run(
    [
      'mmdebstrap',
      '--quiet',
      '--variant=minbase',
      '--format=directory',
      // The release file of sid may be older than its stated life.
      '--aptopt=Acquire::Check-Valid-Until "false"',
      include,
      'sid',
      unfinished,
    ],
    cache,
  )
  const plugins = join(unfinished, 'usr/libexec/docker/cli-plugins')
  await mkdir(plugins, { recursive: true })
  await run(['cp', join(docker, 'docker-buildx'), plugins], cache)
  const programs = dockerPrograms.map((name) => join(docker, name))
  await run(['cp', ...programs, join(unfinished, 'usr/local/bin')], cache)
  await rename(unfinished, root)
  return root
}

const dockerPrograms = [
  'docker',
  'dockerd',
  'docker-proxy',
  'containerd',
  'containerd-shim-runc-v2',
]

/** The folder of Docker's programs, which Debian has in an older version only. */
async function prepareDocker(): Promise<string> {
  const directory = join(cache, 'docker')
  await run(['sh', resolve(import.meta.dir, 'go-peers.sh'), directory], cache)
  return directory
}

async function run(argv: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...argv], { cwd, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  if ((await child.exited) !== 0) throw new Error(`${argv.join(' ')} did not succeed`)
}
