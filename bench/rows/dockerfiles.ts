import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Group } from '../row.ts'
import type { Stage } from '../stage.ts'
import { NotOffered, run } from '../tools/tool.ts'

/** 2,000 lines of all frequent instructions, without a violation. */
function longDockerfile(): string {
  const lines = Array.from({ length: 250 }, (_, index) => [
    `# part ${index}`,
    `ARG V${index}=1`,
    `ENV A${index}=b C${index}="d e"`,
    `RUN --mount=type=cache,target=/c echo ${index} && \\`,
    `    echo again`,
    `COPY --chown=1:1 a${index} /b/`,
    `LABEL x${index}="y z"`,
    '',
  ])
  return ['FROM scratch', ...lines.flat()].join('\n')
}

async function prepare({ props }: Stage): Promise<string> {
  const directory = join(await props.context.prepare(), 'long')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'Dockerfile'), longDockerfile())
  return directory
}

/** Rows about Dockerfiles that are not built. */
export const dockerfiles: Group = [
  {
    name: 'build --check, 2,000 lines',
    // 20 ms for the file, and the start of a command that opens the store.
    goal: 60,
    times: 11,
    before: async (stage) => void (await prepare(stage)),
    run: async (stage) => {
      if (stage.tool.name === 'podman') throw new NotOffered('podman checks no Dockerfiles')
      return await run(stage.tool, ['build', '--check', await prepare(stage)])
    },
  },
]
