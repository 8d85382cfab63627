import { existsSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { openStage, type Stage } from './stage.ts'

/** The directory of the built programs of Docker. */
const programs: string = process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers'
const needed = ['dockerd', 'docker', 'docker-buildx', 'docker-proxy', 'containerd', 'runc']

/** Returns why Docker cannot run here; `undefined` if it can. */
export function dockerMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const absent = needed.filter((name) => !existsSync(join(programs, name)))
  return absent.length === 0 ? undefined : `needs ${absent.join(', ')} in ${programs}`
}

/** Starts dockerd and its containerd on a stage, and waits until it answers. */
export async function openDockerStage(env: Readonly<Record<string, string>>): Promise<Stage> {
  const stage = await openStage({
    docker: join(programs, 'docker'),
    env: { ...env, DOCKER_HOST: 'unix://$STAGE/docker.sock' },
  })
  const top = join(stage.directory, '..')
  const plugins = join(top, 'config/cli-plugins')
  await mkdir(plugins, { recursive: true })
  await symlink(join(programs, 'docker-buildx'), join(plugins, 'docker-buildx'))
  // The daemon is ended by its own process ID, and its containers end with it.
  const daemon = [
    `PATH=${programs}:$PATH dockerd --data-root=${top}/root --exec-root=${top}/run`,
    `--pidfile=${top}/docker.pid --host=unix://${top}/docker.sock --bip=172.17.0.1/16`,
    `>${top}/log 2>&1 & echo`,
  ]
  await stage.run(daemon.join(' '))
  const ready = await stage.run('until docker version; do sleep 0.2; done')
  if (ready.exitCode !== 0) throw new Error(`dockerd does not answer: ${ready.stderr}`)
  return {
    ...stage,
    async [Symbol.asyncDispose]() {
      await stage.run(emptyDocker)
      await stage.run(
        `kill $(cat ${top}/docker.pid); while test -e ${top}/docker.pid; do sleep 0.1; done`,
      )
      // Mounts of the daemon are in the namespace of the stage and end with it.
      await stage[Symbol.asyncDispose]()
      await rm(top, { recursive: true, force: true })
    },
  }
}

/** Removes everything that the lines of a table have made. */
export const emptyDocker: string = [
  'docker rm -f $(docker ps -aq)',
  'docker volume rm $(docker volume ls -q)',
  'docker network prune -f',
  'docker rmi -f $(docker images -aq)',
  'find . -mindepth 1 -delete',
].join('; ')
