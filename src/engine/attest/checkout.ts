import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isRemoteContext, pathInTree, readWorkTree } from '#build'
import { parseBoolean } from '#dockerfile/boolean'
import type { Engine } from '../engine.ts'

/**
 * Describes what the directory of a build was checked out from, in the words of buildx. Empty
 * without a directory or a repository, and with `BUILDX_GIT_INFO=false`.
 */
export async function checkoutOf(
  context: unknown,
  dockerfile: unknown,
  env: Engine['env'],
): Promise<Readonly<Record<string, string>>> {
  const isHidden = parseBoolean(env['BUILDX_GIT_INFO'] ?? '') === false
  if (isHidden || typeof context !== 'string' || isRemoteContext(context)) return {}
  const directory = await realpath(context).catch(() => undefined)
  const tree = directory === undefined ? undefined : await readWorkTree(directory)
  if (directory === undefined || tree === undefined) return {}
  const definition = typeof dockerfile === 'string' ? dirname(resolve(dockerfile)) : directory
  const members = {
    'localdir:context': pathInTree(tree, directory),
    'localdir:dockerfile': pathInTree(tree, definition),
    revision: tree.revision,
    source: tree.remote,
  }
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    ),
  )
}
