import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatLayerTree } from '../images/layer-tree.ts'

export function defineTree(context: Context): Command {
  return new Command('tree')
    .description('Show the layers of an image, and the images that end with them')
    .argument('<image>')
    .option('--whatrequires', 'the layers that other images have above those of the image')
    .examples('strake image tree app', 'strake image tree --whatrequires debian')
    .action(async (name: string, { whatrequires }: { readonly whatrequires?: true }) => {
      const { layerTree } = await import('#engine/usage/layer-tree')
      const tree = await layerTree(await context.engine(), name, { whatRequires: whatrequires })
      context.out.write(formatLayerTree(tree))
    })
}
