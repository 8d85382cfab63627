import { isRemoteContext } from '#engine/build/build'
import { type Digest, isDigest, parseReference } from '#oci'
import { type Attributes, named, refuse, textOf } from './attributes.ts'

/** Where the files of a build come from, and which client has them. */
export interface BuildSources {
  /** The name of the Dockerfile, relative to the top of its directory. */
  readonly filename: string
  /** The directory of the client with the Dockerfile. Absent when it is in a context elsewhere. */
  readonly dockerfile: string | undefined
  readonly context: MainContext
  readonly contexts: ReadonlyMap<string, ContextSource>
  /** The sessions that serve directories of other clients, by the name of the directory. */
  readonly sessions: ReadonlyMap<string, string>
}

export type MainContext =
  | { readonly kind: 'local'; readonly name: string }
  | { readonly kind: 'remote'; readonly url: string }
  /** An archive that the client reads from its standard input. */
  | { readonly kind: 'upload'; readonly path: string }

export type ContextSource =
  | { readonly kind: 'local'; readonly name: string; readonly sharedKey: string }
  | { readonly kind: 'remote'; readonly url: string }
  | { readonly kind: 'image'; readonly reference: string }
  /** An image layout of the client. */
  | { readonly kind: 'layout'; readonly store: string; readonly digest: Digest }
  /** The result of another target, by its name in the inputs of the frontend. */
  | { readonly kind: 'input'; readonly name: string }

const uploads = 'http://buildkit-session/'

/** Reads the attributes about files. Throws `INVALID`. */
export function readSources(attributes: Attributes): BuildSources {
  const given = textOf(attributes, textOf(attributes, 'contextkey') ?? 'context')
  const context = readMainContext(given)
  const key = textOf(attributes, 'dockerfilekey')
  const sharedKeys = named(attributes, 'sharedkey:localdir:')
  const contexts = [...named(attributes, 'context:')].map(
    ([name, text]) => [name, readContext(name, text, sharedKeys.get(name) ?? '')] as const,
  )
  return {
    filename: textOf(attributes, 'filename') ?? 'Dockerfile',
    dockerfile: key ?? (context.kind === 'local' ? 'dockerfile' : undefined),
    context,
    contexts: new Map(contexts),
    sessions: named(attributes, 'local-sessionid:'),
  }
}

function readMainContext(text: string | undefined): MainContext {
  if (text === undefined) return { kind: 'local', name: 'context' }
  if (text.startsWith(uploads)) return { kind: 'upload', path: text.slice(uploads.length - 1) }
  if (isRemoteContext(text)) return { kind: 'remote', url: text }
  throw refuse('context', `${JSON.stringify(text)} is not a URL`)
}

function readContext(name: string, text: string, sharedKey: string): ContextSource {
  const key = `context:${name}`
  const at = text.indexOf(':')
  const [scheme, rest] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  const place = rest.replace(/^\/\//, '')
  switch (scheme) {
    case 'local':
      return { kind: 'local', name: place, sharedKey }
    case 'input':
      return { kind: 'input', name: rest }
    case 'docker-image':
      if (place !== 'scratch') parseReference(place)
      return { kind: 'image', reference: place }
    case 'oci-layout': {
      const [store = '', digest = ''] = place.split('@')
      if (store === '' || !isDigest(digest)) throw refuse(key, 'a layout needs a digest')
      return { kind: 'layout', store: store.replace(/:[\w.-]+$/, ''), digest }
    }
    default:
      if (isRemoteContext(text)) return { kind: 'remote', url: text }
      throw refuse(key, `there is no context ${JSON.stringify(text)}`)
  }
}
