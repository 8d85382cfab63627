import { existsSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The project of DESIGN section 11: some 56,000 files in 520 MB. */
const dependencies = {
  '@aws-sdk/client-s3': '^3',
  '@mui/icons-material': '^7',
  '@mui/material': '^7',
  'date-fns': '^4',
  express: '^5',
  lodash: '^4',
  next: '^15',
  react: '^19',
  'react-dom': '^19',
  typescript: '^5',
  vite: '^6',
}

const dockerfile = `FROM base
WORKDIR /app
COPY package.json package-lock.json ./
RUN sha256sum package-lock.json > /lock.sum
COPY . .
RUN ls -R /app | wc -l > /count
ENV NODE_ENV=production
CMD ["cat", "/count"]
`

/** Kept between runs, because npm takes minutes. */
const cache = resolve(import.meta.dir, '.cache')

/** Makes the inputs below `directory`: the context and a tar of a base image. */
export async function prepareApp(
  directory: string,
): Promise<{ readonly context: string; readonly base: string }> {
  const project = join(cache, 'app')
  const base = join(cache, 'base.tar')
  await mkdir(join(project, 'src'), { recursive: true })
  if (!existsSync(base)) {
    await run(['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', base], cache)
  }
  if (!existsSync(join(project, 'node_modules/.package-lock.json'))) {
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({ name: 'app', private: true, dependencies }, null, 2),
    )
    await run(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--force'], project)
  }
  await writeFile(join(project, 'Dockerfile'), dockerfile)
  await writeFile(join(project, 'src/main.js'), 'console.log("hello")\n')
  const context = join(directory, 'app')
  await cp(project, context, { recursive: true, verbatimSymlinks: true })
  return { context, base }
}

async function run(argv: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...argv], { cwd, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' })
  if ((await child.exited) !== 0) throw new Error(`${argv.join(' ')} did not succeed`)
}
