import { resolve } from 'node:path'
import type { NamedContext } from '#engine/build/build'
import { isRemoteContext } from '#engine/build/build'
import { isDigest, parseReference } from '#oci'
import { refuse } from '../flags/refuse.ts'

/** Reads `--build-context NAME=SOURCE`, as buildx takes it. Throws `INVALID`. */
export function parseBuildContexts(texts: readonly string[]): ReadonlyMap<string, NamedContext> {
  const contexts = new Map<string, NamedContext>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const [name, source] = [text.slice(0, Math.max(equals, 0)), text.slice(equals + 1)]
    if (name === '' || source === '') throw refuse('--build-context', text, 'expected NAME=SOURCE')
    contexts.set(name, parseSource(text, source))
  }
  return contexts
}

function parseSource(text: string, source: string): NamedContext {
  const [, scheme, rest = ''] = /^([a-z-]+):\/\/(.*)$/s.exec(source) ?? []
  // Podman has other names of the same.
  if (scheme === 'docker-image' || scheme === 'container-image' || scheme === 'docker') {
    if (rest !== 'scratch') parseReference(rest)
    return { kind: 'image', reference: rest }
  }
  if (scheme === 'oci-layout') return parseLayout(text, rest)
  if (isRemoteContext(source)) return { kind: 'remote', url: source }
  if (scheme === 'target' || source.startsWith('target:')) {
    throw refuse('--build-context', text, 'only a bake file has targets')
  }
  if (scheme !== undefined) {
    const known = 'docker-image://, oci-layout://, https:// and git URLs'
    throw refuse('--build-context', text, `there is no ${scheme}://, only directories, ${known}`)
  }
  return { kind: 'directory', path: resolve(source) }
}

/** `PATH`, `PATH:TAG` or `PATH@DIGEST`. */
function parseLayout(text: string, rest: string): NamedContext {
  const [, path = '', image = ''] = /^(.*?)(@[^@]*|:[\w][\w.-]{0,127})?$/s.exec(rest) ?? []
  if (path === '') throw refuse('--build-context', text, 'it has no path')
  if (image.startsWith('@') && !isDigest(image.slice(1))) {
    throw refuse('--build-context', text, `${image.slice(1)} is not a digest`)
  }
  return { kind: 'layout', path: resolve(path), image }
}
