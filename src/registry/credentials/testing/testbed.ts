import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../config-file.ts'

/** A home directory for one test, with helpers that are shell scripts. */
export interface Testbed extends AsyncDisposable {
  readonly root: string
  readonly env: Environment
  write(path: string, content: unknown): Promise<void>
  read(path: string): Promise<string>
  helper(name: string, script: string): Promise<void>
}

export async function openTestbed(): Promise<Testbed> {
  const root = await mkdtemp(join(tmpdir(), 'strake-credentials-'))
  const bin = join(root, 'bin')
  await mkdir(bin)
  return {
    root,
    env: { HOME: root, PATH: `${bin}:/usr/bin:/bin` },
    async write(path, content) {
      const full = join(root, path)
      await mkdir(join(full, '..'), { recursive: true })
      await writeFile(full, typeof content === 'string' ? content : JSON.stringify(content))
    },
    read: (path) => readFile(join(root, path), 'utf8'),
    async helper(name, script) {
      const path = join(bin, `docker-credential-${name}`)
      await writeFile(path, `#!/bin/sh\n${script}\n`)
      await chmod(path, 0o755)
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}

/** An entry of `auths`. */
export function auth(username: string, secret: string): { readonly auth: string } {
  return { auth: Buffer.from(`${username}:${secret}`).toString('base64') }
}
