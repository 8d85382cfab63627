import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measure, type Sample } from '../measure.ts'
import type { Stage } from '../stage.ts'
import { NotOffered } from '../tools/tool.ts'

/** The number of services of the project. */
export const projectServices = 5

const service = (name: string, after?: string): string => `  ${name}:
    image: base
    command: sleep 1d
    stop_grace_period: 0s
    networks: [front, back]
    volumes: [data-${name}:/data]
    healthcheck: {test: [CMD, "true"], interval: 1s}
${after === undefined ? '' : `    depends_on: {${after}: {condition: service_healthy}}\n`}`

const names = ['db', 'cache', 'queue', 'api', 'web']

const text = `name: bench
services:
${names.map((name, index) => service(name, names[index - 1])).join('')}networks: {front: {}, back: {}}
volumes: {${names.map((name) => `data-${name}: {}`).join(', ')}}
`

export interface ComposeProject {
  up(): Promise<Sample>
  down(): Promise<Sample>
}

/** Five services with health checks, two networks and a volume each. Throws `NotOffered` without Compose. */
export async function composeProject(stage: Stage): Promise<ComposeProject> {
  const { env } = await stage.tool.api()
  if (Bun.which('docker-compose', { PATH: env['PATH'] ?? '' }) === null) {
    throw new NotOffered('docker-compose is not installed here')
  }
  const directory = join(await stage.scratch(), 'compose')
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'compose.yaml')
  await writeFile(file, text)
  const compose = (...args: readonly string[]): Promise<Sample> =>
    measure(['docker-compose', '-f', file, ...args], env)
  return {
    up: () => compose('up', '--detach', '--wait'),
    down: () => compose('down', '--volumes', '--timeout', '0'),
  }
}
