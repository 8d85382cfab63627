import { expect, test } from 'bun:test'
import { dockerCommands } from '../../scripts/reference/docker.ts'
import reasons from './docker-missing.json' with { type: 'json' }

// docker-commands.json lists the commands and flags of Docker 29.8 and buildx, without groups of
// swarm, plugins and contexts, and without the flags that every command has.
// docker-missing.json lists what strake lacks of them, with the reason. Planned entries may stay in
// the list when they exist; the others must be absent.

async function findMissing(): Promise<readonly string[]> {
  const found = (await dockerCommands()).flatMap(({ path, command, missing }) =>
    command === undefined ? [path] : missing.map((flag) => `${path} ${flag}`),
  )
  return found.sort()
}

test('every command and flag of Docker exists, or its absence has a reason', async () => {
  const listed = reasons.flatMap(({ missing }) => missing).sort()
  expect(new Set(listed).size).toBe(listed.length)
  const missing = await findMissing()
  const unexplained = missing.filter((one) => !listed.includes(one))
  const refused = reasons.flatMap((group) => (group.isPlanned ? [] : group.missing))
  const outdated = refused.filter((one) => !missing.includes(one))
  expect({ unexplained, outdated }).toEqual({ unexplained: [], outdated: [] })
})
