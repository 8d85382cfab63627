import { readdirSync } from 'node:fs'
import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { linesOf, runCommands } from './run-commands.ts'
import { dockerPrograms, type Target } from './target.ts'

/** The directory with the recorded output of clients of Docker 29. */
export const recorded: string = resolve(import.meta.dir, '../fixtures/clients')

/** Docker's CLIs: the name of the file of answers, and the version to which they belong. */
export const clis: readonly { name: string; program: string; version: string }[] = [
  { name: 'docker-29', program: join(dockerPrograms, 'docker'), version: '29.9.3' },
  {
    name: 'docker-26',
    program: resolve(import.meta.dir, '../.cache/docker-cli/usr/bin/docker'),
    version: '26.1.5',
  },
  { name: 'docker-20', program: '/usr/bin/docker', version: '20.10.24' },
]

const projects = resolve(import.meta.dir, '../fixtures/compose')

/** The names of the projects of Compose. */
export const projectNames: readonly string[] = readdirSync(projects).sort()

/** Runs the commands of a project with a program of Compose, in a copy of its directory. */
export async function runProject(target: Target, name: string, compose: string): Promise<string> {
  const cwd = join(target.directory, 'projects', name)
  await cp(join(projects, name), cwd, { recursive: true })
  const bin = join(cwd, '.bin')
  await mkdir(bin)
  await symlink(compose, join(bin, 'compose'))
  await addPlugin(target, 'docker-buildx')
  return await runCommands(target, await linesOf(join(projects, name, 'commands.txt')), {
    cwd,
    // How a client shows progress is not the business of the server.
    withErrors: false,
    env: {
      PATH: `${bin}:${target.env['PATH']}`,
      COMPOSE_PROGRESS: 'quiet',
      COMPOSE_ANSI: 'never',
      COMPOSE_BAKE: 'false',
    },
  })
}

/** Lets clients of a target find a plugin, which `COMPOSE_BAKE=true` needs. */
async function addPlugin(target: Target, name: string): Promise<void> {
  const plugins = join(target.env['DOCKER_CONFIG'] ?? '', 'cli-plugins')
  await mkdir(plugins, { recursive: true })
  await rm(join(plugins, name), { force: true })
  await symlink(join(dockerPrograms, name), join(plugins, name))
}

/** Runs the commands of `commands/docker.txt` with a program of Docker. */
export async function runDockerCommands(target: Target, docker: string): Promise<string> {
  const bin = join(target.directory, 'bin')
  await mkdir(bin)
  await symlink(docker, join(bin, 'docker'))
  const lines = await linesOf(join(import.meta.dir, 'commands/docker.txt'))
  return await runCommands(target, lines, { env: { PATH: `${bin}:${target.env['PATH']}` } })
}
