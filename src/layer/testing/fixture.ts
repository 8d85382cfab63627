import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Whether a program to compare with is installed. */
export function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** Creates a tree with every kind of entry. */
export function furnish(root: string): void {
  const long = join(root, ...Array.from({ length: 12 }, (_, i) => `${i}`.repeat(20)))
  mkdirSync(long, { recursive: true })
  writeFileSync(join(long, 'l'.repeat(200)), 'deep')
  writeFileSync(join(root, 'plain'), 'x'.repeat(100_000))
  writeFileSync(join(root, 'größe 日本\n'), '')
  linkSync(join(root, 'plain'), join(root, 'hard'))
  symlinkSync(`${'../'.repeat(60)}away`, join(root, 'symlink'))
  execFileSync('mkfifo', ['-m', '640', join(root, 'fifo')])
  execFileSync('mknod', ['-m', '600', join(root, 'null'), 'c', '1', '3'])
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'hello', join(root, 'plain')])
  const sparse = openSync(join(root, 'sparse'), 'w')
  for (const at of [0, 300_000, 1_000_000, 3_000_000, 3_100_000, 4_000_000]) {
    writeSync(sparse, Buffer.from(`data at ${at}`), 0, null, at)
  }
  ftruncateSync(sparse, 5_000_000)
  closeSync(sparse)
  execFileSync('chown', ['3000000:3000001', join(root, 'plain')])
  execFileSync('chmod', ['4751', join(root, 'plain')])
  execFileSync('find', [root, '-exec', 'touch', '-hd', '2021-03-04 05:06:07', '{}', '+'])
  execFileSync('touch', ['-d', '1975-01-02 UTC', join(root, 'sparse')])
}

/** Writes an image of uncompressed layers, for other tools to unpack. */
function writeImage(directory: string, layers: readonly Uint8Array[]): void {
  const blobs = join(directory, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const put = (bytes: Uint8Array, mediaType: string): object => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const json = (value: object, kind: string): object =>
    put(Buffer.from(JSON.stringify(value)), `application/vnd.oci.image.${kind}.v1+json`)
  const layer = 'application/vnd.oci.image.layer.v1.tar'
  const descriptors = layers.map((bytes) => put(bytes, layer))
  const diff_ids = layers.map(
    (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  )
  const rootfs = { type: 'layers', diff_ids }
  const config = json({ os: 'linux', architecture: 'amd64', config: {}, rootfs }, 'config')
  const manifest = json({ schemaVersion: 2, config, layers: descriptors }, 'manifest')
  const annotations = { 'org.opencontainers.image.ref.name': 'test' }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  writeFileSync(join(directory, 'index.json'), JSON.stringify(index))
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

/** Unpacks layers with umoci in a directory of `home`, and returns the path of the result. */
export function unpackWithUmoci(home: string, layers: readonly Uint8Array[]): string {
  const [image, bundle] = [join(home, 'image'), join(home, 'bundle')]
  writeImage(image, layers)
  execFileSync('umoci', ['unpack', '--image', `${image}:test`, bundle], { stdio: 'pipe' })
  return join(bundle, 'rootfs')
}
