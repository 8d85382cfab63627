import type { ApiHandler, Route } from './call.ts'

type Controls = typeof import('./containers/control.ts')

/** An endpoint that acts on one container and answers without a body. */
const control = (
  method: Route['method'],
  path: string,
  name: keyof Controls,
  about: string,
): Route => ({
  method,
  path,
  about,
  load: async (): Promise<ApiHandler> => (await import('./containers/control.ts'))[name],
})

const system: readonly Route[] = [
  {
    method: 'GET',
    path: '/_ping',
    about: 'Tell the version of the API',
    load: async () => (await import('./system/ping.ts')).ping,
  },
  {
    method: 'GET',
    path: '/version',
    about: 'Show versions',
    load: async () => (await import('./system/describe.ts')).version,
  },
  {
    method: 'GET',
    path: '/info',
    about: 'Describe the store and the machine',
    load: async () => (await import('./system/describe.ts')).info,
  },
  {
    method: 'GET',
    path: '/events',
    about: 'Send events as they happen',
    load: async () => (await import('./system/events.ts')).events,
  },
]

const containers: readonly Route[] = [
  {
    method: 'GET',
    path: '/containers/json',
    about: 'List containers',
    load: async () => (await import('./containers/list.ts')).list,
  },
  {
    method: 'GET',
    path: '/containers/{id}/json',
    about: 'Show everything known about a container',
    load: async () => (await import('./containers/inspect.ts')).inspect,
  },
  {
    method: 'POST',
    path: '/containers/create',
    about: 'Make a container',
    load: async () => (await import('./containers/create.ts')).create,
  },
  {
    method: 'POST',
    path: '/containers/{id}/wait',
    about: 'Wait for the end of a container',
    load: async () => (await import('./containers/wait.ts')).wait,
  },
  {
    method: 'GET',
    path: '/containers/{id}/logs',
    about: 'Send the output of a container',
    load: async () => (await import('./containers/logs.ts')).logs,
  },
  {
    method: 'POST',
    path: '/containers/{id}/attach',
    about: 'Connect to the streams of a container',
    load: async () => (await import('./containers/attach.ts')).attach,
  },
  {
    method: 'POST',
    path: '/containers/{id}/resize',
    about: 'Set the size of the terminal of a container',
    load: async () => (await import('./containers/resize.ts')).resize,
  },
  control('POST', '/containers/{id}/start', 'start', 'Start a container'),
  control('POST', '/containers/{id}/stop', 'stop', 'Stop a container'),
  control('POST', '/containers/{id}/restart', 'restart', 'Stop and start a container'),
  control('POST', '/containers/{id}/kill', 'kill', 'Send a signal to a container'),
  control('POST', '/containers/{id}/pause', 'pause', 'Freeze the processes of a container'),
  control('POST', '/containers/{id}/unpause', 'unpause', 'Continue the processes of a container'),
  control('POST', '/containers/{id}/rename', 'rename', 'Give a container another name'),
  control('DELETE', '/containers/{id}', 'remove', 'Remove a container'),
]

const exec: readonly Route[] = [
  {
    method: 'POST',
    path: '/containers/{id}/exec',
    about: 'Prepare another process in a container',
    load: async () => (await import('./exec/create.ts')).create,
  },
  {
    method: 'POST',
    path: '/exec/{id}/start',
    about: 'Start a prepared process',
    load: async () => (await import('./exec/start.ts')).start,
  },
  {
    method: 'POST',
    path: '/exec/{id}/resize',
    about: 'Set the size of the terminal of a process',
    load: async () => (await import('./exec/terminals.ts')).resize,
  },
  {
    method: 'GET',
    path: '/exec/{id}/json',
    about: 'Show a process and its exit code',
    load: async () => (await import('./exec/inspect.ts')).inspect,
  },
]

/** Every endpoint. docs/api.md is made from this table. */
export const routes: readonly Route[] = [...system, ...containers, ...exec]
