import type { Command } from './arguments/command.ts'
import type { Context } from './context.ts'

/** The export of a command module: its definition, bound to a context. */
export interface CommandModule {
  define(context: Context): Command
}

export interface CommandEntry {
  readonly group: 'images' | 'containers' | 'registries' | 'system'
  readonly summary: string
  /** The command often runs for a second or longer. */
  readonly isLong?: true
  /** The command works without a store, so it runs as the user that started it. */
  readonly needsNoStore?: true
  /** Starts slow work of the kernel, which continues while the module is loaded. */
  begin?(): Promise<void>
  load(): Promise<CommandModule>
}

/** Every command. Only the module of the typed command is loaded, to keep start-up short. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  build: {
    group: 'images',
    summary: 'Build an image from a Dockerfile',
    isLong: true,
    load: () => import('./commands/build-command.ts'),
  },
  lock: {
    group: 'images',
    summary: 'Update the versions that builds are locked to',
    isLong: true,
    load: () => import('./commands/lock-command.ts'),
  },
  dockerfile: {
    group: 'images',
    summary: 'Check, format and edit Dockerfiles',
    needsNoStore: true,
    load: () => import('./commands/dockerfile-command.ts'),
  },
  images: {
    group: 'images',
    summary: 'List images',
    load: () => import('./commands/images-command.ts'),
  },
  tag: {
    group: 'images',
    summary: 'Name an image; `tag log` and `tag rollback` show and undo moves',
    load: () => import('./commands/tag-command.ts'),
  },
  rmi: {
    group: 'images',
    summary: 'Remove images',
    load: () => import('./commands/rmi-command.ts'),
  },
  history: {
    group: 'images',
    summary: 'Show how an image was made',
    load: () => import('./commands/history-command.ts'),
  },
  diff: {
    group: 'images',
    summary: 'Show what a container or an image changed',
    isLong: true,
    load: () => import('./commands/diff-command.ts'),
  },
  inspect: {
    group: 'images',
    summary: 'Show everything known about images and containers',
    load: () => import('./commands/inspect-command.ts'),
  },
  save: {
    group: 'images',
    summary: 'Write images into an archive',
    isLong: true,
    load: () => import('./commands/save-command.ts'),
  },
  load: {
    group: 'images',
    summary: 'Read images from an archive',
    isLong: true,
    load: () => import('./commands/load-command.ts'),
  },
  commit: {
    group: 'images',
    summary: 'Make an image of the changes of a container',
    isLong: true,
    load: () => import('./commands/commit-command.ts'),
  },
  import: {
    group: 'images',
    summary: 'Make an image of a file system archive',
    isLong: true,
    load: () => import('./commands/import-command.ts'),
  },
  run: {
    group: 'containers',
    summary: 'Run a command in a new container',
    load: () => import('./commands/run-command.ts'),
  },
  create: {
    group: 'containers',
    summary: 'Make a container without starting it',
    load: () => import('./commands/create-command.ts'),
  },
  start: {
    group: 'containers',
    summary: 'Start stopped containers',
    load: () => import('./commands/start-command.ts'),
  },
  pause: {
    group: 'containers',
    summary: 'Suspend all processes of containers',
    load: () => import('./commands/pause-command.ts'),
  },
  unpause: {
    group: 'containers',
    summary: 'Resume paused containers',
    load: () => import('./commands/unpause-command.ts'),
  },
  restart: {
    group: 'containers',
    summary: 'Stop containers and start them again',
    load: () => import('./commands/restart-command.ts'),
  },
  rename: {
    group: 'containers',
    summary: 'Rename a container',
    load: () => import('./commands/rename-command.ts'),
  },
  update: {
    group: 'containers',
    summary: 'Change the limits and the restart policy of containers',
    load: () => import('./commands/update-command.ts'),
  },
  ps: {
    group: 'containers',
    summary: 'List containers',
    load: () => import('./commands/ps-command.ts'),
  },
  port: {
    group: 'containers',
    summary: 'Show the published ports of a container',
    load: () => import('./commands/port-command.ts'),
  },
  stats: {
    group: 'containers',
    summary: 'Show the resource use of containers',
    isLong: true,
    load: () => import('./commands/stats-command.ts'),
  },
  top: {
    group: 'containers',
    summary: 'Show the processes of a running container',
    load: () => import('./commands/top-command.ts'),
  },
  healthcheck: {
    group: 'containers',
    summary: 'Check the health of a container',
    load: () => import('./commands/healthcheck-command.ts'),
  },
  logs: {
    group: 'containers',
    summary: 'Show what a container printed',
    load: () => import('./commands/logs-command.ts'),
  },
  exec: {
    group: 'containers',
    summary: 'Run a command in a running container',
    begin: async () => {
      const { primeCgroups } = await import('#engine/container/prime')
      primeCgroups()
    },
    load: () => import('./commands/exec-command.ts'),
  },
  attach: {
    group: 'containers',
    summary: 'Join the standard streams of a running container',
    load: () => import('./commands/attach-command.ts'),
  },
  stop: {
    group: 'containers',
    summary: 'Stop containers: their stop signal first, then SIGKILL',
    load: () => import('./commands/stop-command.ts'),
  },
  kill: {
    group: 'containers',
    summary: 'Send a signal to containers',
    load: () => import('./commands/kill-command.ts'),
  },
  wait: {
    group: 'containers',
    summary: 'Wait until containers end and print their exit codes',
    load: () => import('./commands/wait-command.ts'),
  },
  rm: {
    group: 'containers',
    summary: 'Remove containers',
    load: () => import('./commands/rm-command.ts'),
  },
  cp: {
    group: 'containers',
    summary: 'Copy files between a container and this machine',
    isLong: true,
    load: () => import('./commands/cp-command.ts'),
  },
  export: {
    group: 'containers',
    summary: 'Write the file system of a container as a tar archive',
    isLong: true,
    load: () => import('./commands/export-command.ts'),
  },
  compose: {
    group: 'containers',
    summary: 'Run the installed Compose over this store',
    isLong: true,
    load: () => import('./commands/compose-command.ts'),
  },
  pull: {
    group: 'registries',
    summary: 'Fetch an image from a registry',
    isLong: true,
    load: () => import('./commands/pull-command.ts'),
  },
  push: {
    group: 'registries',
    summary: 'Send an image to a registry',
    isLong: true,
    load: () => import('./commands/push-command.ts'),
  },
  search: {
    group: 'registries',
    summary: 'Find repositories of a registry',
    isLong: true,
    load: () => import('./commands/search-command.ts'),
  },
  login: {
    group: 'registries',
    summary: 'Check and store credentials for a registry',
    needsNoStore: true,
    load: () => import('./commands/login-command.ts'),
  },
  logout: {
    group: 'registries',
    summary: 'Remove the stored credentials for a registry',
    needsNoStore: true,
    load: () => import('./commands/logout-command.ts'),
  },
  registry: {
    group: 'registries',
    summary: 'Serve a registry, and list or remove its repositories',
    isLong: true,
    load: () => import('./commands/registry-command.ts'),
  },
  image: {
    group: 'system',
    summary: 'Image commands by their long names, and `image prune`',
    load: () => import('./commands/image-command.ts'),
  },
  container: {
    group: 'system',
    summary: 'Container commands by their long names, and `container prune`',
    load: () => import('./commands/container-command.ts'),
  },
  volume: {
    group: 'system',
    summary: 'Create, list, inspect and remove volumes',
    load: () => import('./commands/volume-command.ts'),
  },
  network: {
    group: 'system',
    summary: 'Create, list, inspect and remove networks',
    load: () => import('./commands/network-command.ts'),
  },
  builder: {
    group: 'system',
    summary: 'Show or delete the build cache: `builder du` and `builder prune`',
    load: () => import('./commands/builder-command.ts'),
  },
  system: {
    group: 'system',
    summary: 'The store: `system df`, `prune`, `check`, `cleanup` and `reset`',
    isLong: true,
    load: () => import('./commands/system-command.ts'),
  },
  events: {
    group: 'system',
    summary: 'Show the events of the store, in order',
    load: () => import('./commands/events-command.ts'),
  },
  info: {
    group: 'system',
    summary: 'Show the store, the runtime and the host, and why they were chosen',
    load: () => import('./commands/info-command.ts'),
  },
  doctor: {
    group: 'system',
    summary: 'Check this machine and name what to repair',
    load: () => import('./commands/doctor-command.ts'),
  },
  version: {
    group: 'system',
    summary: 'Show the versions of strake, Bun and the platform',
    needsNoStore: true,
    load: () => import('./commands/version-command.ts'),
  },
  completion: {
    group: 'system',
    summary: 'Print a completion script for bash, zsh or fish',
    needsNoStore: true,
    load: () => import('./commands/completion-command.ts'),
  },
}
