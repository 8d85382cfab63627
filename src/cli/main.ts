#!/usr/bin/env bun
import { version } from '#engine/host/version'

const [first, second] = process.argv.slice(2)
if (first === '--version' || first === '-v') {
  const { openOutput } = await import('./render/output.ts')
  try {
    const output = openOutput(1)
    output.write(`strake version ${version}\n`)
    await output.drained()
  } catch (error) {
    const { renderError } = await import('./render/error.ts')
    renderError(openOutput(2), error, false)
    process.exit(1)
  }
  process.exit()
} else if (first === '__monitor') {
  const { monitorMain } = await import('#engine/container/monitor')
  await monitorMain(second)
} else if (first === '__build') {
  const { builderRole } = await import('./commands/builder-role.ts')
  await builderRole()
} else {
  const { runCommand } = await import('./run-command.ts')
  await runCommand(process.argv.slice(2))
}
