import type { ApiCall } from '../call.ts'

/** The builder that clients use: 2 is BuildKit, 1 the classic one. */
const headers = {
  'Builder-Version': '2',
  Swarm: 'inactive',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  'Content-Type': 'text/plain; charset=utf-8',
}

/** `/_ping`: clients read the version and the builder from the headers. */
export async function ping({ request }: ApiCall): Promise<Response> {
  return new Response(request.method === 'HEAD' ? null : 'OK', { headers })
}
