import { mkdtempSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeBusyboxRoot } from '../e2e/busybox.ts'
import { command, type Outcome } from '../e2e/strake.ts'
import { openNamespaces } from './namespaces.ts'

/**
 * A machine for command lines: it has a network, mounts and processes of its own, and a program named
 * `docker`. So two stages can publish the same port. Its end ends all processes and mounts.
 */
export interface Stage extends AsyncDisposable {
  /** The working directory of its lines. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a line with a shell. */
  run(line: string): Promise<Outcome>
}

export interface StageOptions {
  /** The program that lines call `docker`. */
  readonly docker: string
  /** Added to the environment of lines; `$STAGE` in a value is the directory of the stage. */
  readonly env: Readonly<Record<string, string>>
}

/** Seconds for one line. All its processes are ended then. */
const longest = '20'

/** A file system of busybox, packed once for all stages in `directory`. */
export async function packBusybox(directory: string): Promise<string> {
  const root = join(directory, 'busybox')
  await writeBusyboxRoot(root)
  const archive = `${root}.tar`
  const packed = await command(['tar', '-C', root, '--numeric-owner', '-cf', archive, '.'])
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  return archive
}

export async function openStage({ docker, env }: StageOptions): Promise<Stage> {
  const top = mkdtempSync('/dev/shm/strake-stage-')
  const directory = join(top, 'work')
  await mkdir(directory)
  await mkdir(join(top, 'bin'))
  await symlink(docker, join(top, 'bin/docker'))
  const namespaces = await openNamespaces()
  const known = Object.entries(env).map(([key, value]) => [key, value.replaceAll('$STAGE', top)])
  const variables: Readonly<Record<string, string>> = {
    HOME: directory,
    DOCKER_CONFIG: join(top, 'config'),
    ...Object.fromEntries(known),
    PATH: `${join(top, 'bin')}:${process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
  }
  return {
    directory,
    env: variables,
    run: (line) =>
      // The shell enters the directory again, because the namespace of mounts is another one.
      command(
        [
          ...namespaces.enter,
          'timeout',
          longest,
          'sh',
          '-c',
          `cd '${directory}' && eval "$0"`,
          line,
        ],
        {
          env: variables,
        },
      ),
    async [Symbol.asyncDispose]() {
      await namespaces[Symbol.asyncDispose]()
      await rm(top, { recursive: true, force: true })
    },
  }
}
