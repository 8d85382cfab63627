import { join } from 'node:path'
import { measure } from './measure.ts'
import type { TestRegistry } from './registry.ts'
import type { ReceivedImage, Stage } from './stage.ts'
import { type Place, run } from './tools/tool.ts'

/**
 * The image that every tool loads and pulls: built and saved by strake, and pushed into
 * the registry by skopeo, so that its compression is not by one of the tools.
 */
export function createReceivedImage(
  place: Place,
  registry: TestRegistry,
  builder: () => Stage,
): ReceivedImage {
  const name = `${registry.host}/app:1`
  let archive: Promise<string> | undefined
  let pushed: Promise<string> | undefined
  const save = async (): Promise<string> => {
    const path = join(place.directory, 'received.tar')
    await builder().withApp()
    await run(builder().tool, ['save', '-o', path, 'app'])
    return path
  }
  const push = async (): Promise<string> => {
    archive ??= save()
    const source = `docker-archive:${await archive}`
    const target = `docker://${name}`
    const options = ['--insecure-policy', '--dest-tls-verify=false', '--quiet']
    await measure(['skopeo', 'copy', ...options, source, target], place.env)
    return name
  }
  return {
    archive: () => (archive ??= save()),
    name: () => (pushed ??= push()),
  }
}
