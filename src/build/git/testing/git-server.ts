import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const backend = '/usr/lib/git-core/git-http-backend'

/** The reason for skipping tests that serve repositories, if there is one. */
export const gitMissing: string | undefined = existsSync(backend)
  ? undefined
  : 'it needs git with git http-backend'

/** A repository of a test. Its commits have fixed times and names. */
export class TestRepository {
  readonly path: string
  #time = 1_600_000_000

  constructor(path: string, format: 'sha1' | 'sha256' = 'sha1') {
    this.path = path
    mkdirSync(path, { recursive: true })
    this.git('init', '--quiet', '--initial-branch=main', `--object-format=${format}`)
    this.git('config', 'http.receivepack', 'false')
  }

  git(...args: readonly string[]): string {
    const env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: this.path,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ALLOW_PROTOCOL: 'file:http:ext',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@example.com',
      GIT_AUTHOR_DATE: `${this.#time} +0000`,
      GIT_COMMITTER_DATE: `${this.#time} +0000`,
    }
    return execFileSync('git', ['-C', this.path, ...args], { env, stdio: 'pipe' })
      .toString()
      .trim()
  }

  /** Writes files and commits everything. Returns the commit. */
  commit(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(`${this.path}/${name}`), { recursive: true })
      writeFileSync(`${this.path}/${name}`, text)
    }
    this.#time += 1000
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', 'a commit')
    return this.git('rev-parse', 'HEAD')
  }
}

export interface GitServer extends Disposable {
  /** The URL of the directory with the repositories. */
  readonly url: string
  /** Method, path and `Authorization` of every request. */
  readonly requests: { readonly path: string; readonly authorization: string | null }[]
  /** Answers 401 to requests without this header, if it is set. */
  authorization: string | undefined
}

/** Serves the repositories below a directory over HTTP, as git's own server program does. */
export function serveGit(root: string): GitServer {
  const requests: GitServer['requests'] = []
  const state: { authorization: string | undefined } = { authorization: undefined }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const authorization = request.headers.get('authorization')
      requests.push({ path: pathname, authorization })
      if (state.authorization !== undefined && state.authorization !== authorization) {
        const headers = { 'WWW-Authenticate': 'Basic realm="test"' }
        return new Response('no', { status: 401, headers })
      }
      return await answer(root, request, pathname, search)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    get authorization() {
      return state.authorization
    },
    set authorization(value) {
      state.authorization = value
    },
    [Symbol.dispose]: () => void server.stop(true),
  }
}

async function answer(
  root: string,
  request: Request,
  pathname: string,
  search: string,
): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer())
  const child = Bun.spawn([backend], {
    stdin: body,
    stdout: 'pipe',
    stderr: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_PROTOCOL: request.headers.get('git-protocol') ?? '',
      HTTP_CONTENT_ENCODING: request.headers.get('content-encoding') ?? '',
      CONTENT_TYPE: request.headers.get('content-type') ?? '',
      CONTENT_LENGTH: String(body.length),
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      REMOTE_ADDR: '127.0.0.1',
    },
  })
  const output = Buffer.from(await new Response(child.stdout).arrayBuffer())
  const end = output.indexOf('\r\n\r\n')
  const headers = new Headers()
  let status = 200
  for (const line of output.subarray(0, end).toString().split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
    if (name === 'Status') status = Number(value.slice(0, 3))
    else if (name !== '') headers.set(name, value)
  }
  return new Response(output.subarray(end + 4), { status, headers })
}
