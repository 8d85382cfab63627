import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execute } from '../measure.ts'
import { executeTool, NotOffered, type Place, run, type Tool } from './tool.ts'

/** Opens an empty store of Podman, configured as by Debian except for the directories. */
export async function openPodman(place: Place): Promise<Tool> {
  const directory = join(place.directory, 'podman')
  const store = join(directory, 'root')
  await mkdir(directory, { recursive: true })
  const storage = join(directory, 'storage.conf')
  await writeFile(
    storage,
    `[storage]\ndriver = "overlay"\ngraphroot = "${store}"\nrunroot = "${directory}/run"\n`,
  )
  const configuration = join(directory, 'containers.conf')
  await writeFile(configuration, await configure())
  const env = {
    ...place.env,
    CONTAINERS_STORAGE_CONF: storage,
    CONTAINERS_CONF: configuration,
    PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
  }
  const version = await execute(['podman', '--version'], env).catch(() => undefined)
  if (version === undefined) throw new Error('podman is not installed here')
  const tool: Tool = {
    name: 'podman',
    about: `${version.stdout.trim().replace('podman version ', '')}; storage overlay; runtime crun unless a row says otherwise`,
    store,
    attempt: (args, options = {}) => {
      const { runtime } = options
      const words = runtime === undefined ? [] : ['--runtime', runtime]
      return executeTool(['podman', ...words, ...args], env, options)
    },
    api: async () => {
      throw new NotOffered('its API is not compared')
    },
    activate: async () => {
      throw new NotOffered('its API is not compared')
    },
    async reset() {
      await run(tool, ['system', 'reset', '--force'])
    },
    pullArguments: (image) => ['pull', '-q', '--tls-verify=false', image],
    pushArguments: (image, compression) => [
      'push',
      '-q',
      '--tls-verify=false',
      '--compression-format',
      compression,
      image,
    ],
    async [Symbol.asyncDispose]() {
      await tool.attempt(['rm', '--all', '--force', '--time', '0'])
    },
  }
  return tool
}

/** Configures cgroups without systemd, and lowers the limits of `build`, which may exceed the allowed ones. */
async function configure(): Promise<string> {
  const limits = await readFile('/proc/self/limits', 'utf8')
  const hard = (title: string): string =>
    new RegExp(`^${title} +\\S+ +(\\S+)`, 'm').exec(limits)?.[1]?.replace('unlimited', '-1') ?? '-1'
  const files = hard('Max open files')
  const processes = hard('Max processes')
  return [
    '[containers]',
    `default_ulimits = ["nofile=${files}:${files}", "nproc=${processes}:${processes}"]`,
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"\n',
  ].join('\n')
}
