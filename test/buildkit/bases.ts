import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packTar, type TarInput } from '#tar'
import type { Strake } from '../e2e/strake.ts'
import { type ImageFile, type ImageIndex, readImage } from './image.ts'

/** The base images in a store. */
export interface Bases {
  readonly roots: readonly BaseRoot[]
  /** Digests of manifests by the names of images. */
  readonly manifests: ReadonlyMap<string, string>
  /** SHA-256 of the program busybox. */
  readonly busybox: string
}

/** The file system of base images. */
export interface BaseRoot {
  readonly name: string
  /** The diff ID of its only layer. */
  readonly diffId: string
  readonly files: ReadonlyMap<string, ImageFile>
}

const applets = (
  'sh ash awk basename cat chgrp chmod chown cksum cmp cp cut date dd df diff dirname du echo env expr false ' +
  'find grep gunzip gzip head hostname id install ip kill link ln ls md5sum mkdir mkfifo mknod mount mv nc nproc ' +
  'od paste ping ps pwd readlink realpath rm rmdir sed seq sha256sum sleep sort stat stty tail tar tee test ' +
  'touch tr true truncate tty umask umount uname uniq wc wget which whoami xargs yes'
).split(' ')

/** The names of `tools/tool`. */
const tools = (
  'node npm npx yarn pnpm bun deno go cargo pip uv python mvn gradle java jlink composer php ' +
  'docker-php-ext-install bundle dotnet apt-get apk dnf nginx'
).split(' ')

const passwd = [
  'root:x:0:0:root:/root:/bin/sh',
  'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
  'www-data:x:33:33:www-data:/var/www:/bin/false',
  'node:x:1000:1001:node:/home/node:/bin/sh',
  'app:x:1654:1654:app:/home/app:/bin/sh',
  'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
]
const group = [
  'root:x:0:',
  'daemon:x:1:',
  'www-data:x:33:',
  'staff:x:50:node',
  'node:x:1001:',
  'app:x:1654:',
  'nogroup:x:65534:',
]

const directory = (path: string, mode = 0o755): TarInput => ({ path, type: 'directory', mode })
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })
const file = (path: string, text: string, more: Partial<TarInput> = {}): TarInput => {
  const body = Buffer.from(text)
  return { path, type: 'file', body, size: body.length, ...more }
}

/** A root as those of distributions: programs below /usr, links at the top, users, and tools. */
function fullRoot(busybox: Buffer, tool: Buffer): TarInput[] {
  return [
    ...'dev etc home home/node opt proc root srv sys usr usr/bin usr/local usr/local/bin var var/lib var/log run'
      .split(' ')
      .map((path) => directory(path)),
    directory('tmp', 0o1777),
    link('bin', 'usr/bin'),
    link('sbin', 'usr/bin'),
    link('var/run', '/run'),
    { path: 'usr/bin/busybox', type: 'file', mode: 0o755, body: busybox, size: busybox.length },
    ...applets.map((name) => link(`usr/bin/${name}`, 'busybox')),
    { path: 'usr/local/bin/tool', type: 'file', mode: 0o755, body: tool, size: tool.length },
    ...tools.map((name) => link(`usr/local/bin/${name}`, 'tool')),
    file('etc/passwd', `${passwd.join('\n')}\n`),
    file('etc/group', `${group.join('\n')}\n`),
  ]
}

/** A root with one of every kind of file, for steps that replace, remove and copy them. */
function oddRoot(busybox: Buffer, tool: Buffer): TarInput[] {
  return [
    ...fullRoot(busybox, tool),
    directory('data'),
    file('data/first', 'one file, three names\n'),
    { path: 'data/second', type: 'hardlink', linkpath: 'data/first' },
    { path: 'data/third', type: 'hardlink', linkpath: 'data/first' },
    file('data/setuid', 'setuid\n', { mode: 0o4755 }),
    file('data/setgid', 'setgid\n', { mode: 0o2755, uid: 1000, gid: 1001 }),
    file('data/capable', 'capable\n', {
      mode: 0o755,
      xattrs: new Map([
        ['security.capability', Buffer.from('0100000202040000000000000000000000000000', 'hex')],
      ]),
    }),
    file('data/noted', 'noted\n', { xattrs: new Map([['user.note', Buffer.from('a note')]]) }),
    { path: 'data/pipe', type: 'fifo', mode: 0o620 },
    directory('data/full'),
    file('data/full/alpha', '1\n'),
    file('data/full/beta', '2\n'),
    directory('data/full/deep'),
    file('data/full/deep/three', '3\n'),
    directory('data/sticky', 0o1777),
    directory('srv/www'),
    link('var/www', '../srv/www'),
    link('var/absolute', '/srv/www'),
    link('var/nowhere', '/srv/none'),
    link('data/link', 'first'),
  ]
}

/** A root without programs and with one user, as images for static programs have. */
function smallRoot(): TarInput[] {
  return [
    directory('etc'),
    directory('home'),
    { ...directory('home/nonroot', 0o700), uid: 65532, gid: 65532 },
    directory('tmp', 0o1777),
    file('etc/passwd', 'root:x:0:0:root:/root:\nnonroot:x:65532:65532:nonroot:/home/nonroot:\n'),
    file('etc/group', 'root:x:0:\nnonroot:x:65532:\n'),
    file('etc/ssl/certs/ca-certificates.crt', 'certificates\n'),
  ]
}

/** Base images: the root, and the instructions that give the config. */
const images: Readonly<
  Record<string, { readonly root: 'full' | 'odd' | 'small'; readonly change: readonly string[] }>
> = {
  busybox: { root: 'full', change: ['CMD ["sh"]'] },
  odd: { root: 'odd', change: ['CMD ["sh"]'] },
  static: {
    root: 'small',
    change: [
      'USER nonroot',
      'WORKDIR /home/nonroot',
      'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
    ],
  },
  'node:24': { root: 'full', change: ['ENV NODE_VERSION=24.1.0', 'CMD ["node"]'] },
  'golang:1.26': {
    root: 'full',
    change: [
      'ENV GOLANG_VERSION=1.26.2 GOPATH=/go',
      'ENV PATH=/go/bin:/usr/local/bin:/usr/bin:/bin',
      'WORKDIR /go',
    ],
  },
  'rust:1': { root: 'full', change: ['ENV CARGO_HOME=/usr/local/cargo'] },
  'python:3.14': { root: 'full', change: ['ENV PYTHON_VERSION=3.14.0', 'CMD ["python"]'] },
  'maven:3': { root: 'full', change: ['ENV JAVA_HOME=/opt/java', 'ENTRYPOINT ["mvn"]'] },
  'php:8': {
    root: 'full',
    change: ['WORKDIR /var/www/html', 'STOPSIGNAL SIGWINCH', 'EXPOSE 9000', 'CMD ["php", "-a"]'],
  },
  'ruby:3': { root: 'full', change: ['ENV BUNDLE_PATH=/usr/local/bundle LANG=C.UTF-8'] },
  'dotnet/sdk:10': { root: 'full', change: ['ENV DOTNET_NOLOGO=true'] },
  'dotnet/aspnet:10': { root: 'full', change: ['ENV ASPNETCORE_HTTP_PORTS=8080 APP_UID=1654'] },
  'nginx:1': {
    root: 'full',
    change: [
      'EXPOSE 80',
      'STOPSIGNAL SIGQUIT',
      'VOLUME /var/cache/nginx',
      'LABEL maintainer="Nobody <nobody@example.com>"',
      'ENTRYPOINT ["/docker-entrypoint.sh"]',
      'CMD ["nginx", "-g", "daemon off;"]',
    ],
  },
  'node:onbuild': {
    root: 'full',
    change: [
      'WORKDIR /usr/src/app',
      'ONBUILD ARG NODE_ENV',
      'ONBUILD ENV NODE_ENV=$NODE_ENV',
      'ONBUILD COPY package.json ./',
      'ONBUILD RUN npm install',
      'ONBUILD COPY . .',
      'CMD ["npm", "start"]',
    ],
  },
}

/** The directory of the Dockerfiles, their projects and their answers. */
export const fixtures: string = join(import.meta.dir, '../fixtures/dockerfiles')

/** Imports all base images into a store and returns them. */
export async function importBases(strake: Strake): Promise<Bases> {
  const busybox = await readFile('/bin/busybox')
  const tool = await readFile(join(fixtures, 'tools/tool'))
  const roots = { full: fullRoot(busybox, tool), odd: oddRoot(busybox, tool), small: smallRoot() }
  const archives = await Promise.all(
    Object.entries(roots).map(async ([name, entries]) => {
      const path = join(strake.directory, `${name}.tar`)
      await writeFile(path, await packTar(entries))
      return [name, path] as const
    }),
  )
  const paths = new Map<string, string>(archives)
  const sha256 = createHash('sha256').update(busybox).digest('hex')
  for (const [name, { root, change }] of Object.entries(images)) {
    const plain = `root-${root}`
    await strake.ok('import', paths.get(root) ?? '', plain)
    // Not by `import -c`, which makes no working directory and no entries of the history.
    const input = [`FROM ${plain}`, ...change].join('\n')
    const built = await strake.with({ input }, 'build', '-q', '-t', name, '-')
    if (built.exitCode !== 0) throw new Error(built.stderr)
  }
  const index = JSON.parse(await readFile(join(strake.root, 'index.json'), 'utf8'))
  const manifests = Object.keys(images).map((name) => [name, manifestOf(index, name)] as const)
  // Images with the same root have the same layer, so one of them stands for all.
  const named = await Promise.all(
    ['busybox', 'odd', 'static'].map(async (name) => {
      const { config, files } = await readImage(strake.root, manifestOf(index, name))
      return { name, diffId: config.rootfs.diff_ids?.[0] ?? '', files }
    }),
  )
  return { roots: named, manifests: new Map(manifests), busybox: sha256 }
}

function manifestOf(index: ImageIndex, name: string): string {
  const full = `docker.io/${name.includes('/') ? name : `library/${name}`}`
  const tagged = full.includes(':') ? full : `${full}:latest`
  const found = index.manifests.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tagged,
  )
  if (found === undefined) throw new Error(`the store has no image ${tagged}`)
  return found.digest
}
