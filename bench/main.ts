// Medians of what people wait for, measured on this machine, with the store on
// tmpfs: `make bench`, or `make bench` for single rows with `scripts/bun bench/main.ts run push`.
import { existsSync } from 'node:fs'
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { prepareApp } from './app.ts'
import { measure, median, type Sample } from './measure.ts'

const program = resolve(import.meta.dir, '../dist/strake')
const directory = existsSync('/dev/shm') ? '/dev/shm/strake-bench' : '/tmp/strake-bench'
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: directory,
  STRAKE_ROOT: join(directory, 'root'),
  STRAKE_RUN: join(directory, 'run'),
}
const wanted = new Set(process.argv.slice(2))

interface Row {
  readonly name: string
  /** What the issue or DESIGN section 2 asks for, milliseconds. */
  readonly goal?: number
  readonly times: number
  /** Not measured, before each run. */
  readonly before?: () => Promise<unknown>
  readonly run: () => Promise<Sample>
}

function strake(...args: readonly string[]): Promise<Sample> {
  return measure([program, ...args], env)
}

async function prepare(): Promise<string> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const app = await prepareApp(directory)
  await strake('import', '-c', 'CMD ["bash"]', app.base, 'base')
  await strake('run', '--rm', 'base', 'true')
  return app.context
}

async function serveRegistry(): Promise<{ readonly host: string; stop(): void }> {
  const storage = join(directory, 'registry')
  const child = Bun.spawn([program, 'registry', 'serve', '--port', '0', '--storage', storage], {
    env,
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { value } = await child.stdout.getReader().read()
  const host = /http:\/\/(\S+)/.exec(new TextDecoder().decode(value))?.[1]
  if (host === undefined) throw new Error('the registry did not start')
  return { host, stop: () => child.kill() }
}

function rowsOf(context: string, host: string): readonly Row[] {
  const name = `${host}/app:1`
  const build = (...options: readonly string[]): Promise<Sample> =>
    strake('build', '-q', '-t', 'app', ...options, context)
  const changed = join(context, 'src/main.js')
  const dropRegistry = (): Promise<void> =>
    rm(join(directory, 'registry'), { recursive: true, force: true })
  return [
    { name: 'start-up: strake --version', goal: 20, times: 21, run: () => strake('--version') },
    { name: 'start-up: strake images', goal: 20, times: 21, run: () => strake('images') },
    {
      name: 'run --rm --network none',
      goal: 95,
      times: 21,
      run: () => strake('run', '--rm', '--network', 'none', 'base', 'true'),
    },
    {
      name: 'run --rm (bridge)',
      times: 21,
      run: () => strake('run', '--rm', 'base', 'true'),
    },
    {
      name: 'build, cold',
      times: 3,
      before: async () => {
        await strake('rmi', '-f', 'app')
        await strake('system', 'prune', '-f')
      },
      run: () => build(),
    },
    { name: 'build, nothing changed', times: 5, run: () => build() },
    {
      name: 'build, one file changed',
      times: 3,
      before: () => appendFile(changed, `// ${Date.now()}\n`),
      run: () => build(),
    },
    {
      name: 'push, gzip, first time',
      times: 3,
      before: async () => {
        await appendFile(changed, `// ${Date.now()}\n`)
        await build()
        await dropRegistry()
        await strake('tag', 'app', name)
      },
      run: () => strake('push', '-q', name),
    },
    {
      name: 'pull',
      times: 3,
      before: async () => {
        await strake('rmi', '-f', name, 'app')
        await strake('system', 'prune', '-f', '-a')
      },
      run: () => strake('pull', '-q', name),
    },
  ]
}

const context = await prepare()
const registry = await serveRegistry()
try {
  const lines: string[] = []
  for (const row of rowsOf(context, registry.host)) {
    if (wanted.size > 0 && ![...wanted].some((word) => row.name.includes(word))) continue
    const samples: Sample[] = []
    for (let count = 0; count < row.times; count++) {
      await row.before?.()
      samples.push(await row.run())
    }
    const times = samples.map(({ milliseconds }) => milliseconds)
    const peak = Math.max(...samples.map(({ peakBytes }) => peakBytes)) / 1e6
    const goal = row.goal === undefined ? '' : `${row.goal}`
    const line = `| ${row.name} | ${Math.min(...times).toFixed(0)} | ${median(times).toFixed(0)} | ${goal} | ${peak.toFixed(0)} |`
    console.log(line)
    lines.push(line)
  }
  const info = await new Response(
    Bun.spawn([program, 'info'], { env, stdout: 'pipe' }).stdout,
  ).text()
  const table = [
    '| what | min ms | median ms | goal ms | peak MB |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n')
  await writeFile(
    join(import.meta.dir, 'results.md'),
    `# Results of \`make bench\`\n\n${table}\n\nMeasured with:\n\n\`\`\`\n${info.replaceAll(/^(Store|Run directory):.*\n/gm, '')}\`\`\`\n`,
  )
} finally {
  registry.stop()
  await strake('system', 'cleanup')
  await rm(directory, { recursive: true, force: true })
}
