import { from, type Route, route } from './call.ts'
import { containerRoutes } from './container-routes.ts'

const describe = () => import('./system/describe.ts')
const auth = () => import('./system/auth.ts')
const images = () => import('./images/inspect.ts')
const changeImages = () => import('./images/change.ts')
const remote = () => import('./images/remote.ts')
const archives = () => import('./images/archives.ts')
const networks = () => import('./networks/networks.ts')
const volumes = () => import('./volumes/volumes.ts')
const upgrades = () => import('./connections/upgrades.ts')

const systemRoutes: readonly Route[] = [
  route(
    'GET',
    '/_ping',
    'Tell the version of the API',
    from(() => import('./system/ping.ts'), 'ping'),
  ),
  route(
    'HEAD',
    '/_ping',
    'Tell the version of the API',
    from(() => import('./system/ping.ts'), 'ping'),
  ),
  route('GET', '/version', 'Show versions', from(describe, 'version')),
  route('GET', '/info', 'Describe the store and the machine', from(describe, 'info')),
  route(
    'GET',
    '/events',
    'Send events as they happen',
    from(() => import('./system/events.ts'), 'events'),
  ),
  route(
    'GET',
    '/system/df',
    'Show the disk usage',
    from(() => import('./system/usage.ts'), 'usage'),
  ),
  route('POST', '/auth', 'Check credentials with a registry', from(auth, 'auth')),
  route('GET', '/plugins', 'List plugins: there are none', from(auth, 'plugins')),
  route('any', '/plugins/{name...}', 'Refused: there are no plugins', from(auth, 'noPlugin')),
]

const imageRoutes: readonly Route[] = [
  route(
    'POST',
    '/build',
    'Build an image from an archive',
    from(() => import('./builder/answer-build.ts'), 'answerBuild'),
  ),
  route(
    'POST',
    '/build/cancel',
    'End a build',
    from(() => import('./builder/answer-build.ts'), 'answerCancel'),
  ),
  route(
    'POST',
    '/build/prune',
    'Remove the build cache',
    from(() => import('./build/prune.ts'), 'prune'),
  ),
  route('POST', '/grpc', "Call BuildKit's services on the connection", from(upgrades, 'grpc')),
  route(
    'POST',
    '/session',
    'Offer files, secrets and credentials to builds on the connection',
    from(upgrades, 'session'),
  ),
  route(
    'GET',
    '/images/json',
    'List images',
    from(() => import('./images/list.ts'), 'list'),
  ),
  route(
    'POST',
    '/images/create',
    'Pull an image, or import an archive',
    from(() => import('./images/create.ts'), 'create'),
  ),
  route('POST', '/images/load', 'Read images from an archive', from(archives, 'load')),
  route('POST', '/images/prune', 'Remove unused images', from(changeImages, 'prune')),
  route('GET', '/images/search', 'Find images of a registry', from(remote, 'search')),
  route(
    'GET',
    '/distribution/{name...}/json',
    'Describe an image of a registry',
    from(remote, 'distribution'),
  ),
  route('GET', '/images/get', 'Send images in an archive', from(archives, 'get')),
  route('GET', '/images/{name...}/get', 'Send an image in an archive', from(archives, 'get')),
  route(
    'GET',
    '/images/{name...}/json',
    'Show everything known about an image',
    from(images, 'inspect'),
  ),
  route(
    'GET',
    '/images/{name...}/attestations',
    'List the attestations of an image',
    from(images, 'attestations'),
  ),
  route('GET', '/images/{name...}/history', 'Show how an image was made', from(images, 'history')),
  route(
    'POST',
    '/images/{name...}/push',
    'Send an image to a registry',
    from(changeImages, 'push'),
  ),
  route('POST', '/images/{name...}/tag', 'Name an image', from(changeImages, 'tag')),
  route('DELETE', '/images/{name...}', 'Remove an image', from(changeImages, 'remove')),
]

const networkRoutes: readonly Route[] = [
  route('GET', '/networks', 'List networks', from(networks, 'list')),
  route(
    'POST',
    '/networks/create',
    'Make a network',
    from(() => import('./networks/create.ts'), 'create'),
  ),
  route('POST', '/networks/prune', 'Remove unused networks', from(networks, 'prune')),
  route('GET', '/networks/{id}', 'Show a network', from(networks, 'inspect')),
  route('DELETE', '/networks/{id}', 'Remove a network', from(networks, 'remove')),
  route(
    'POST',
    '/networks/{id}/connect',
    'Let a container join a network',
    from(networks, 'connect'),
  ),
  route(
    'POST',
    '/networks/{id}/disconnect',
    'Let a container leave a network',
    from(networks, 'disconnect'),
  ),
]

const volumeRoutes: readonly Route[] = [
  route('GET', '/volumes', 'List volumes', from(volumes, 'list')),
  route('POST', '/volumes/create', 'Make a volume', from(volumes, 'create')),
  route('POST', '/volumes/prune', 'Remove unused volumes', from(volumes, 'prune')),
  route('GET', '/volumes/{name}', 'Show a volume', from(volumes, 'inspect')),
  route('DELETE', '/volumes/{name}', 'Remove a volume', from(volumes, 'remove')),
]

/** The kinds of objects that only a swarm has. */
const swarm: readonly Route[] = [
  'swarm',
  'nodes',
  'services',
  'tasks',
  'secrets',
  'configs',
].flatMap((kind) =>
  [`/${kind}`, `/${kind}/{rest...}`].map((path) =>
    route('any', path, 'Refused: there is no swarm', from(auth, 'noSwarm')),
  ),
)

/** Every endpoint. docs/api.md is made from this table. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...containerRoutes,
  ...imageRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...swarm,
]
