// Writes the completion scripts into dist/completions, from where `scripts/install` copies them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { scripts } from '../../src/cli/completion/scripts.ts'

const target = resolve(import.meta.dir, '../../dist/completions')

mkdirSync(target, { recursive: true })
for (const [shell, text] of Object.entries(scripts)) {
  writeFileSync(join(target, `strake.${shell}`), text)
}
