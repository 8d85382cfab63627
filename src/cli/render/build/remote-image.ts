import type { RemoteImage } from '#engine/registry/inspect-remote'
import { type Descriptor, formatPlatform } from '#oci'
import { printableText } from '../text.ts'

/** The image as buildx prints it: name, type and digest, and the manifests of an index. */
export function formatRemoteImage({
  name,
  descriptor,
  index,
}: Pick<RemoteImage, 'name' | 'descriptor' | 'index'>): string {
  const { mediaType, digest } = descriptor
  const head = fields('', [
    ['Name', name],
    ['MediaType', mediaType],
    ['Digest', digest],
  ])
  if (index === undefined) return head
  const tagged = name.replace(/@.*$/, '')
  const below = index.manifests.map((each) => formatManifest(each, tagged))
  return `${head}\nManifests:\n${below.join('\n')}`
}

function formatManifest(
  { mediaType, digest, platform, urls, annotations = {} }: Descriptor,
  tagged: string,
): string {
  const version = platform?.['os.version']
  const features = platform?.['os.features']
  const lines = fields('  ', [
    ['Name', `${tagged}@${digest}`],
    ['MediaType', mediaType],
    ['Platform', platform && formatPlatform(platform)],
    ['OSVersion', version],
    ['OSFeatures', features?.join(', ')],
    ['URLs', urls?.join(', ')],
  ])
  const pairs = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? lines : `${lines}  Annotations:\n${fields('    ', pairs)}`
}

/** Lines of names and values, the values in one column. */
function fields(
  indent: string,
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const present = pairs.filter(([, value]) => value !== undefined)
  const width = Math.max(...present.map(([name]) => printableText(name).length)) + 2
  return present
    .map(([name, value = '']) => {
      const title = `${printableText(name)}:`.padEnd(width)
      return `${indent}${title}${printableText(value)}\n`
    })
    .join('')
}
