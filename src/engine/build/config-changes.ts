import { build } from '#build'
import { searchPath } from '#container'
import { createImage, type Image } from '#image'
import { type RunConfig, StrakeError } from '#oci'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'

/** Docker's list of instructions that change only the configuration. */
const changing = (
  'CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME ' +
  'WORKDIR'
).split(' ')

/** Throws `INVALID` for an instruction that does more than change the configuration. */
export function refuseOtherChanges(changes: readonly string[]): void {
  for (const change of changes) {
    const [word = ''] = change.trim().split(/\s/, 1)
    if (changing.includes(word.toUpperCase())) continue
    throw new StrakeError('INVALID', `Cannot apply '${change}': it sets no configuration`, {
      remedy: `use ${changing.join(', ')}`,
    })
  }
}

/**
 * Builds the instructions as a Dockerfile on top of the image, so that they mean the same as in a build. As
 * in Docker, the history does not show them, and an image without a PATH gets none.
 */
export async function applyChanges(
  engine: Engine,
  image: Image,
  changes: readonly string[],
): Promise<Image> {
  if (changes.length === 0) return image
  const created = Date.parse(image.config.created ?? '') / 1000
  const { descriptor, lease } = await build({
    services: { ...(await buildServices(engine)), resolveImage: async () => image },
    dockerfile: { text: ['FROM base', ...changes, ''].join('\n') },
    epoch: Number.isNaN(created) ? 0 : created,
  })
  await using _lease = lease
  const { config } = (await engine.openImage(descriptor)).config
  return await createImage(engine.content, {
    config: { ...image.config, config: withoutNewPath(config, image) },
    layers: image.layers,
  })
}

function withoutNewPath(config: RunConfig | undefined, image: Image): RunConfig {
  const had = image.config.config?.Env?.some((entry) => entry.startsWith('PATH=')) ?? false
  if (had || config?.Env === undefined) return config ?? {}
  const env = config.Env.filter((entry) => entry !== searchPath)
  const { Env: _, ...rest } = config
  return env.length === 0 ? rest : { ...rest, Env: env }
}
