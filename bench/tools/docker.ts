import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeApi } from '../api.ts'
import { startDaemon } from '../daemon.ts'
import { execute } from '../measure.ts'
import { childrenOf, peakOf } from '../peak.ts'
import { executeTool, NotOffered, type Place, removeListed, run, type Tool } from './tool.ts'

/** Starts a daemon with its own containerd, and opens its empty store. */
export async function openDocker(place: Place): Promise<Tool> {
  const directory = join(place.directory, 'docker')
  const store = join(directory, 'root')
  const socket = join(directory, 'docker.sock')
  await mkdir(directory, { recursive: true })
  const env = { ...place.env, DOCKER_HOST: `unix://${socket}` }
  const daemon = await startDaemon(
    [
      'dockerd',
      `--data-root=${store}`,
      `--exec-root=${join(directory, 'run')}`,
      `--pidfile=${join(directory, 'docker.pid')}`,
      `--host=unix://${socket}`,
      '--add-runtime=crun=/usr/bin/crun',
    ],
    {
      env,
      log: join(directory, 'log'),
      ready: async () => (await execute(['docker', 'version'], env)).exitCode === 0,
    },
  )
  const { stdout } = await execute(['docker', 'version', '--format', '{{.Server.Version}}'], env)
  const tool: Tool = {
    name: 'docker',
    about: `${stdout.trim()} with BuildKit; containerd's image store with overlayfs; runtime runc unless a row says otherwise`,
    store,
    async attempt(args, options = {}) {
      const { runtime } = options
      const [verb = '', ...rest] = args
      const argv = runtime === undefined ? args : [verb, '--runtime', runtime, ...rest]
      // dockerd and its containerd. Processes of a container do not count.
      const daemons = [daemon.pid, ...childrenOf(daemon.pid)]
      await Promise.all(daemons.map(forgetPeak))
      const execution = await executeTool(['docker', ...argv], env, options)
      return {
        ...execution,
        peakBytes: daemons.map(peakOf).reduce((sum, peak) => sum + peak, execution.peakBytes),
      }
    },
    api: async () => describeApi(daemon.pid, socket, place.env),
    activate: async () => {
      throw new NotOffered('dockerd does not end by itself')
    },
    async reset() {
      await removeListed(tool, ['ps', '--all', '--quiet'], ['rm', '--force'])
      await removeListed(tool, ['images', '--all', '--quiet'], ['rmi', '--force'])
      await run(tool, ['builder', 'prune', '--all', '--force'])
      await run(tool, ['system', 'prune', '--all', '--force', '--volumes'])
    },
    pullArguments: (image) => ['pull', '-q', image],
    pushArguments(image, compression) {
      if (compression === 'zstd') throw new NotOffered('docker push knows gzip only')
      return ['push', '-q', image]
    },
    async [Symbol.asyncDispose]() {
      await removeListed(tool, ['ps', '--all', '--quiet'], ['rm', '--force'])
      await daemon[Symbol.asyncDispose]()
    },
  }
  return tool
}

/** Resets the kernel's record of a process's largest resident size. */
async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {})
}
