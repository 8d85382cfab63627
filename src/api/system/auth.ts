import { member } from '#docker/bodies/fields'
import { checkCredentials } from '#engine/registry/login'
import { isStrakeError } from '#oci'
import { readObject } from '../body.ts'
import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { reply } from '../reply.ts'

/** `POST /auth`: checks credentials with a registry. The client stores them. */
export const auth: ApiHandler = async ({ request, signal }) => {
  const body = await readObject(request)
  const address = member(body, 'serveraddress', 'string') || 'docker.io'
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const username = member(body, 'username', 'string') ?? ''
  const secret = member(body, 'password', 'string') ?? ''
  try {
    await checkCredentials(host === 'index.docker.io' ? 'docker.io' : host, {
      username,
      secret,
      signal,
    })
  } catch (error) {
    if (!isStrakeError(error, 'UNAUTHORIZED', 'DENIED')) throw error
    throw new ApiError(401, error.message, error)
  }
  return reply({ Status: 'Login Succeeded', IdentityToken: '' })
}

/** Every endpoint of a swarm. Docker has the same words where it is in none, but for those that make one. */
export const noSwarm: ApiHandler = async ({ request }) => {
  if (/\/swarm\/(init|join)$/.test(new URL(request.url).pathname)) {
    throw new ApiError(501, 'Cannot make or join a swarm: strake manages one machine')
  }
  throw new ApiError(
    503,
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  )
}

/** `GET /plugins`: there are none. */
export const plugins: ApiHandler = async () => reply([])

/** Every endpoint of one plugin. */
export const noPlugin: ApiHandler = async ({ params }) => {
  if (/^(privileges|pull|create)$/.test(params['name'] ?? '')) {
    throw new ApiError(
      501,
      'Cannot install a plugin: strake has no daemon that plugins could extend',
    )
  }
  const name = (params['name'] ?? '').replace(/\/[a-z]+$/, '')
  throw new ApiError(404, `plugin "${name}" not found`)
}
