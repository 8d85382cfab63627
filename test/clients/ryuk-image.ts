import { chmod, copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { command } from '../e2e/strake.ts'
import { askRaw } from './raw.ts'
import type { Target } from './target.ts'

/** The name under which testcontainers asks for the image. */
const name = 'testcontainers/ryuk'
const tag = '0.14.0'

/** Imports an image whose program speaks Ryuk's protocol: this runtime with its libraries, and a script. */
export async function importRyuk(target: Target): Promise<void> {
  const root = join(target.directory, 'ryuk')
  const script = resolve(import.meta.dir, 'programs/ryuk.ts')
  for (const [from, to] of [
    [process.execPath, '/bin/bun'],
    [script, '/ryuk.ts'],
    ...(await librariesOf(process.execPath)).map((path) => [path, path] as const),
  ] as const) {
    await mkdir(join(root, dirname(to)), { recursive: true })
    await copyFile(from, join(root, to))
    await chmod(join(root, to), 0o755)
  }
  await mkdir(join(root, 'var/run'), { recursive: true })
  await mkdir(join(root, 'tmp'), { recursive: true })
  const packed = await command(['tar', '-C', root, '-cf', `${root}.tar`, '.'])
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  const change = encodeURIComponent('ENTRYPOINT ["/bin/bun", "/ryuk.ts"]')
  const answer = await askRaw(target.socket, {
    method: 'POST',
    path: `/images/create?fromSrc=-&repo=${name}&tag=${tag}&changes=${change}`,
    limit: 100_000,
    body: new Uint8Array(await Bun.file(`${root}.tar`).arrayBuffer()),
  })
  const text = new TextDecoder().decode(answer.body)
  if (answer.status !== 200 || text.includes('"error"')) throw new Error(`import: ${text}`)
  await rm(root, { recursive: true })
}

/** The paths that `ldd` prints: the libraries and the loader. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await command(['ldd', program])
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
}
