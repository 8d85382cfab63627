import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { blobPath, createLayout, writeIndex } from '#content'
import { mediaType, parsePlatform, sha256 } from '#oci'
import { openLayoutImage } from './layout-base.ts'

let path = ''
const digest = sha256('a manifest')

beforeAll(async () => {
  path = mkdtempSync(`${tmpdir()}/strake-layout-`)
  await createLayout(path)
  await writeIndex(path, [{ mediaType: mediaType.ociManifest, digest, size: 10 }])
})
afterAll(() => rmSync(path, { recursive: true }))

test('openLayoutImage() refuses a manifest that is missing, and one that is a link', async () => {
  const open = () =>
    openLayoutImage({ path, image: '' }, { platform: parsePlatform('linux/amd64') })
  await expect(open()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(open()).rejects.toThrow('there is no such blob')
  symlinkSync('/etc/hostname', blobPath(path, digest))
  await expect(open()).rejects.toThrow('it is not a regular file')
})
