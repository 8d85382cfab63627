// Builds from disk images that are mounted in turn at one path. It must run in its own
// mount namespace: mounted-builds.ts <mount point> <mount options> <image>...

import { spawnSync } from 'node:child_process'
import { openWorkshop } from './fixture.ts'

const [mountPoint = '', options = '', ...images] = process.argv.slice(2)
const dockerfile = { text: 'FROM scratch\nCOPY . /\n' }

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}

await using workshop = await openWorkshop()
const found: unknown[] = []
for (const image of images) {
  run('mount', '-o', options, image, mountPoint)
  for (let build = 0; build < 2; build++) {
    const { layers } = await workshop.build({ context: mountPoint, dockerfile })
    const [layer] = layers
    const files = layer === undefined ? {} : await workshop.list(layer)
    found.push({ file: files['file'], state: workshop.stateOf('COPY') })
  }
  run('umount', mountPoint)
}
process.stdout.write(`${JSON.stringify(found)}\n`)
