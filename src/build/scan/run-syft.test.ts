import { afterAll, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runSyft } from './run-syft.ts'

const directory = mkdtempSync(join(tmpdir(), 'strake-syft-'))
afterAll(() => rmSync(directory, { recursive: true }))

let count = 0
function program(script: string): string {
  const file = join(directory, `syft-${count++}`)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

const usual = { name: 'sbom', created: 1_700_000_000 }
const printing = (document: string): string => `cat <<'END'\n${document}\nEND`

test('runSyft() gives the same document for the same packages', async () => {
  const script = printing(
    '{"spdxVersion":"SPDX-2.3","documentNamespace":"x-UUID","creationInfo":{"creators":["Tool: syft"],"created":"NOW"},"packages":[{"name":"a"}]}',
  )
  const first = await runSyft('/tree', { ...usual, program: program(script) })
  const second = await runSyft('/tree', {
    ...usual,
    program: program(script.replace('UUID', 'other').replace('NOW', 'later')),
  })
  expect(first).toEqual(second)
  expect(first).toMatchObject({
    name: 'sbom',
    creationInfo: { creators: ['Tool: syft'], created: '2023-11-14T22:13:20Z' },
    packages: [{ name: 'a' }],
  })
})

test('runSyft() passes the tree as the base of links, and no environment of the user', async () => {
  const shown = '{"spdxVersion":"x","args":"\'"$*"\'","env":"\'"$(env | sort | tr "\\n" " ")"\'"}'
  const found = await runSyft('/the tree', {
    ...usual,
    program: program(`echo '${shown}'`),
  })
  expect(found).toMatchObject({
    args: 'scan dir:/the tree --base-path /the tree --source-name sbom --output spdx-json --quiet',
    env: expect.stringContaining('HOME=/nonexistent'),
  })
  expect(JSON.stringify(found)).not.toContain(process.env['HOME'] ?? '/home')
})

test('runSyft() names why syft failed, and refuses what is no document', async () => {
  const failing = program('echo "[0000] ERROR no such place" >&2; exit 3')
  await expect(runSyft('/', { ...usual, program: failing })).rejects.toThrow(
    'ended with 3: [0000] ERROR no such place',
  )
  for (const text of ['echo nothing', 'echo {}']) {
    await expect(runSyft('/', { ...usual, program: program(text) })).rejects.toThrow(
      'it printed no document of SPDX',
    )
  }
  const endless = program('exec cat /dev/zero')
  await expect(runSyft('/', { ...usual, program: endless })).rejects.toThrow('larger than 40 MiB')
})

test('runSyft() ends with its signal', async () => {
  const stop = new AbortController()
  const running = runSyft('/', { ...usual, program: program('sleep 60'), signal: stop.signal })
  setTimeout(() => stop.abort(), 50)
  await expect(running).rejects.toThrow()
})
