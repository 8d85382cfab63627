import { describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { writeContext } from './busybox.ts'
import { command, missing, openStrake, program } from './strake.ts'

const reason = missing()
if (reason) console.info(`skipped: hostile directory: ${reason}`)

describe.skipIf(reason !== undefined)('a hostile working directory', () => {
  test('its bunfig.toml and .env run no code and set no environment', async () => {
    await using strake = await openStrake()
    const cwd = await writeContext(`${strake.directory}/hostile`, {
      'bunfig.toml': 'preload = ["./preload.ts"]\n',
      'preload.ts': "console.log('preloaded')\n",
      '.env': `NO_COLOR=1\nSTRAKE_RUN=${strake.directory}/stolen\n`,
      'package.json': '{ "name": "hostile", "imports": { "#oci": "./preload.ts" } }\n',
      'tsconfig.json': '{ "compilerOptions": { "paths": { "#oci": ["./preload.ts"] } } }\n',
    })
    const env = { HOME: `${strake.directory}/home`, STRAKE_ROOT: strake.root }
    const outcome = await command([program, 'info'], { cwd, env })
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' })
    expect(outcome.stdout).not.toContain('preloaded')
    const [run = ''] = /\/run\/strake-stores\/\S+/.exec(outcome.stdout) ?? []
    expect(run).not.toBe('')
    await rm(run, { recursive: true })
  })
})
