import { from, type Route, route } from './call.ts'

const control = () => import('./containers/control.ts')
const more = () => import('./containers/more.ts')
const archive = () => import('./container-files/archive.ts')
const changes = () => import('./container-files/changes.ts')
const refused = () => import('./containers/refused.ts')

/** The endpoints of containers, and of the processes in them. */
export const containerRoutes: readonly Route[] = [
  route(
    'GET',
    '/containers/json',
    'List containers',
    from(() => import('./containers/list.ts'), 'list'),
  ),
  route(
    'POST',
    '/containers/create',
    'Make a container',
    from(() => import('./containers/create.ts'), 'create'),
  ),
  route('POST', '/containers/prune', 'Remove stopped containers', from(more, 'prune')),
  route(
    'GET',
    '/containers/{id}/json',
    'Show everything known about a container',
    from(() => import('./containers/inspect.ts'), 'inspect'),
  ),
  route('GET', '/containers/{id}/top', 'List the processes of a container', from(more, 'top')),
  route(
    'GET',
    '/containers/{id}/logs',
    'Send the output of a container',
    from(() => import('./containers/logs.ts'), 'logs'),
  ),
  route(
    'GET',
    '/containers/{id}/changes',
    'List the files that a container changed',
    from(changes, 'changes'),
  ),
  route(
    'GET',
    '/containers/{id}/export',
    'Send the files of a container',
    from(changes, 'exported'),
  ),
  route(
    'GET',
    '/containers/{id}/stats',
    'Send the resource use of a container',
    from(() => import('./containers/stats.ts'), 'stats'),
  ),
  route(
    'POST',
    '/containers/{id}/resize',
    'Set the size of the terminal of a container',
    from(() => import('./containers/resize.ts'), 'resize'),
  ),
  route('POST', '/containers/{id}/start', 'Start a container', from(control, 'start')),
  route('POST', '/containers/{id}/stop', 'Stop a container', from(control, 'stop')),
  route('POST', '/containers/{id}/restart', 'Stop and start a container', from(control, 'restart')),
  route('POST', '/containers/{id}/kill', 'Send a signal to a container', from(control, 'kill')),
  route(
    'POST',
    '/containers/{id}/update',
    'Change the limits of a container',
    from(more, 'update'),
  ),
  route(
    'POST',
    '/containers/{id}/rename',
    'Give a container another name',
    from(control, 'rename'),
  ),
  route(
    'POST',
    '/containers/{id}/pause',
    'Freeze the processes of a container',
    from(control, 'pause'),
  ),
  route(
    'POST',
    '/containers/{id}/unpause',
    'Continue the processes of a container',
    from(control, 'unpause'),
  ),
  route(
    'POST',
    '/containers/{id}/attach',
    'Connect to the streams of a container',
    from(() => import('./containers/attach.ts'), 'attach'),
  ),
  route(
    'GET',
    '/containers/{id}/attach/ws',
    'Connect to the streams of a container by a web socket',
    from(() => import('./containers/attach.ts'), 'attachWebSocket'),
  ),
  route(
    'any',
    '/containers/{id}/checkpoints',
    'Refused: there are no checkpoints',
    from(refused, 'checkpoints'),
  ),
  route(
    'any',
    '/containers/{id}/checkpoints/{name}',
    'Refused: there are no checkpoints',
    from(refused, 'checkpoints'),
  ),
  route(
    'POST',
    '/containers/{id}/wait',
    'Wait for the end of a container',
    from(() => import('./containers/wait.ts'), 'wait'),
  ),
  route('DELETE', '/containers/{id}', 'Remove a container', from(control, 'remove')),
  route(
    'HEAD',
    '/containers/{id}/archive',
    'Tell what is at a path of a container',
    from(archive, 'head'),
  ),
  route('GET', '/containers/{id}/archive', 'Send files of a container', from(archive, 'get')),
  route(
    'PUT',
    '/containers/{id}/archive',
    'Unpack an archive in a container',
    from(archive, 'put'),
  ),
  route(
    'POST',
    '/containers/{id}/exec',
    'Prepare another process in a container',
    from(() => import('./exec/create.ts'), 'create'),
  ),
  route(
    'POST',
    '/exec/{id}/start',
    'Start a prepared process',
    from(() => import('./exec/start.ts'), 'start'),
  ),
  route(
    'POST',
    '/exec/{id}/resize',
    'Set the size of the terminal of a process',
    from(() => import('./exec/terminals.ts'), 'resize'),
  ),
  route(
    'GET',
    '/exec/{id}/json',
    'Show a process and its exit code',
    from(() => import('./exec/inspect.ts'), 'inspect'),
  ),
  route('POST', '/commit', 'Make an image of the changes of a container', from(more, 'commit')),
]
