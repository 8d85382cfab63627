import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { typedValue } from '#template'
import { imageOf } from '../../image/testing/fixture.ts'
import { documentType } from '../types/document-types.ts'
import { imageDocument } from './image-inspect.ts'

test('imageDocument() has the members Docker has', async () => {
  const run = { Cmd: ['sh'], Env: ['A=b'] }
  const { image } = await imageOf([{ a: '1' }], { config: run, variant: 'v2', author: 'me' })
  const digest = sha256('pulled')
  const repository = { registry: 'docker.io', repository: 'library/app' }
  const names = [
    { ...repository, tag: '1' },
    { registry: 'ghcr.io', repository: 'me/app', tag: 'x', digest },
  ]
  const details = { image, names, size: image.size, lastTagTime: new Date(0) }
  // Throws for a member of another type than in Docker.
  expect(typedValue(documentType('image'), imageDocument(details)).kind).toBe('struct')
  expect(imageDocument(details)).toEqual({
    Id: image.imageId,
    RepoTags: ['app:1', 'ghcr.io/me/app:x'],
    RepoDigests: [`app@${image.descriptor.digest}`, `ghcr.io/me/app@${digest}`],
    Parent: '',
    Comment: '',
    Created: '2024-01-02T03:04:05Z',
    DockerVersion: '',
    Author: 'me',
    Config: run,
    Architecture: 'amd64',
    Variant: 'v2',
    Os: 'linux',
    Size: image.size,
    GraphDriver: { Name: 'overlayfs', Data: null },
    RootFS: { Type: 'layers', Layers: [...image.config.rootfs.diff_ids] },
    Metadata: { LastTagTime: '1970-01-01T00:00:00.000Z' },
    Descriptor: image.descriptor,
  })
})
