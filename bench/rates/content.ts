import { randomBytes } from 'node:crypto'
import { connectRegistry } from '../../src/registry/index.ts'
import {
  blob,
  emptyConfig,
  type Fixture,
  manifest,
  noise,
} from '../../src/registry/testing/fixtures.ts'
import { fromBuffer } from '../../src/stream/index.ts'
import type { Served } from './served.ts'

/** The usual content: a small image as `team/app:v1`, and a large blob beside it. */
export const small: Fixture = blob(noise(1024, 1))
export const large: Fixture = blob(randomBytes(100 * 1024 * 1024))
export const image: Fixture = manifest({ layers: [small.descriptor] })

export const manifestPath: string = '/v2/team/app/manifests/v1'
export const smallPath: string = `/v2/team/app/blobs/${small.descriptor.digest}`
export const largePath: string = `/v2/team/app/blobs/${large.descriptor.digest}`

export async function fill({ port }: Pick<Served, 'port'>): Promise<void> {
  const repository = connectRegistry(`127.0.0.1:${port}`).repository('team/app')
  for (const { descriptor, raw } of [emptyConfig, small, large, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('v1', image.descriptor)
}
