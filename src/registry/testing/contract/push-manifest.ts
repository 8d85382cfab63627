import { fromBuffer } from '#stream'
import type { Repository } from '../../registry.ts'
import { blob, emptyConfig, manifest } from '../fixtures.ts'

/** Pushes an image with one layer under a tag. */
export async function pushManifest(
  repository: Repository,
  tag: string,
  content = 'layer',
): Promise<ReturnType<typeof manifest>> {
  const layer = blob(content, 'application/vnd.oci.image.layer.v1.tar')
  for (const { raw, descriptor } of [emptyConfig, layer]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  const pushed = manifest({ layers: [layer.descriptor] })
  await repository.write(pushed.descriptor, fromBuffer(pushed.raw))
  await repository.tag(tag, pushed.descriptor)
  return pushed
}
