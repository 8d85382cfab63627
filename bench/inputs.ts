import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

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

/** A root with Podman and the runtimes of Debian sid, made once, and with Docker 29. */
export async function preparePeers(): Promise<string> {
  const root = join(cache, 'peers-sid')
  if (!existsSync(root)) await makeRoot(root)
  await installDocker(root)
  return root
}

async function makeRoot(root: string): Promise<void> {
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
  await rename(unfinished, root)
}

const dockerPrograms = [
  'docker',
  'docker-compose',
  'dockerd',
  'docker-proxy',
  'containerd',
  'containerd-shim-runc-v2',
]

/** Copies the programs of Docker into the root that are not there yet. */
async function installDocker(root: string): Promise<void> {
  const plugins = join(root, 'usr/libexec/docker/cli-plugins')
  const places = [
    ...dockerPrograms.map((name) => join(root, 'usr/local/bin', name)),
    join(plugins, 'docker-buildx'),
  ]
  const absent = places.filter((place) => !existsSync(place))
  if (absent.length === 0) return
  const docker = await prepareDocker()
  await mkdir(plugins, { recursive: true })
  for (const place of absent) await run(['cp', join(docker, basename(place)), place], cache)
}

/** The folder of Docker's programs, which Debian has in an older version only. */
async function prepareDocker(): Promise<string> {
  const directory = process.env['STRAKE_GOPEERS'] ?? join(cache, 'docker')
  await run(['sh', resolve(import.meta.dir, 'go-peers.sh'), directory], cache)
  return directory
}

async function run(argv: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...argv], { cwd, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  if ((await child.exited) !== 0) throw new Error(`${argv.join(' ')} did not succeed`)
}
