import { rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { onlyImageId, treeOf } from '../equal.ts'
import type { Execution } from '../measure.ts'
import type { Group } from '../row.ts'
import type { Stage } from '../stage.ts'
import { NotOffered, run } from '../tools/tool.ts'

const savedBy = ({ tool }: Stage): string => join(dirname(tool.store), 'saved.tar')

const unpackedRow = 'read every file, layers unpacked'

/** Reads every file of the root of a new container of `app`. */
const readAll = ({ tool }: Stage, ...options: readonly string[]): Promise<Execution> => {
  const script = 'find / -xdev -type f -exec cat {} + >/dev/null'
  return run(tool, [...options, 'run', '--rm', '--network', 'none', 'app', 'sh', '-c', script])
}

const directories = ['--snapshotter', 'directory']

/** Rows about the image `app`, in an order in which each row prepares the next one. */
export const images: Group = [
  {
    name: 'build, cold',
    goal: 2000,
    times: 5,
    before: async (stage) => {
      await stage.props.context.prepare()
      await stage.fresh()
    },
    run: (stage) => stage.build(),
    equal: { what: 'files of the image that was built', of: ({ tool }) => treeOf(tool, 'app') },
    weigh: true,
  },
  {
    name: 'build, nothing changed',
    goal: 250,
    times: 5,
    before: (stage) => stage.upToDate(),
    run: (stage) => stage.build(),
  },
  {
    name: 'build --explain --dry-run, nothing changed',
    comparedWith: { row: 'build, nothing changed', ratio: 1.2 },
    times: 5,
    before: (stage) => stage.upToDate(),
    run: async ({ tool, props }) => {
      if (tool.name !== 'strake') throw new NotOffered('it cannot tell what a build would do')
      return run(tool, ['build', '--explain', '--dry-run', await props.context.prepare()])
    },
  },
  {
    name: 'build, one file changed',
    goal: 1500,
    times: 5,
    before: async (stage) => {
      await stage.withApp()
      await stage.props.context.change()
    },
    run: (stage) => stage.build(),
  },
  {
    // Docker compresses layers during the build, so a push alone is no fair comparison.
    name: 'build, cold, and push',
    times: 5,
    before: (stage) => stage.beforeBuildAndPush(),
    run: (stage) => stage.buildAndPush(),
  },
  {
    name: 'build, one file changed, and push',
    times: 5,
    before: async (stage) => {
      await stage.withPushed()
      await stage.props.context.change()
    },
    run: (stage) => stage.buildAndPush(),
  },
  {
    name: 'read every file of a container',
    comparedWith: { row: unpackedRow },
    times: 5,
    before: (stage) => stage.withApp(),
    run: (stage) => readAll(stage),
  },
  {
    name: 'read every file, second container',
    comparedWith: { row: unpackedRow },
    times: 5,
    before: (stage) => stage.withApp(),
    run: (stage) => readAll(stage),
  },
  {
    name: unpackedRow,
    times: 5,
    before: async (stage) => {
      await stage.withApp()
      if (stage.tool.name !== 'strake') return
      // This unpacks the layers.
      await run(stage.tool, [...directories, 'run', '--rm', '--network', 'none', 'app', 'true'])
    },
    run: async (stage) => {
      if (stage.tool.name !== 'strake') throw new NotOffered('it has one way to keep layers')
      return readAll(stage, ...directories)
    },
  },
  {
    name: 'push, gzip',
    goal: 4000,
    times: 5,
    before: (stage) => stage.uncompressed('gzip'),
    run: (stage) => stage.push('gzip'),
  },
  {
    name: 'push, one file changed',
    goal: 1600,
    times: 5,
    before: (stage) => stage.changedSincePush(),
    run: (stage) => stage.push('gzip'),
  },
  {
    name: 'push, zstd',
    goal: 1600,
    times: 5,
    before: (stage) => stage.uncompressed('zstd'),
    run: (stage) => stage.push('zstd'),
  },
  {
    name: 'save',
    goal: 1000,
    times: 5,
    before: (stage) => stage.withApp(),
    run: (stage) => run(stage.tool, ['save', '-o', savedBy(stage), 'app']),
    after: async (stage) => {
      const { size } = await stat(savedBy(stage))
      await rm(savedBy(stage))
      if (size < 400e6) throw new Error(`${stage.tool.name} save wrote only ${size} bytes`)
    },
  },
  {
    name: 'load',
    goal: 2000,
    times: 5,
    before: async (stage) => {
      await stage.props.received.archive()
      await stage.empty()
    },
    run: (stage) => stage.load(),
    equal: {
      what: 'ID and files of the image that was loaded',
      of: async ({ tool }) => `${await onlyImageId(tool)} ${await treeOf(tool, 'app')}`,
    },
  },
  {
    name: 'rmi',
    goal: 50,
    times: 5,
    before: (stage) => stage.withLoaded(),
    run: (stage) => stage.removeLoaded(),
  },
  {
    name: 'pull',
    goal: 2000,
    times: 5,
    before: async (stage) => {
      await stage.props.received.name()
      await stage.empty()
    },
    run: (stage) => stage.pull(),
    equal: {
      what: 'ID and files of the image that was pulled',
      of: async (stage) =>
        `${await onlyImageId(stage.tool)} ${await treeOf(stage.tool, await stage.props.received.name())}`,
    },
    weigh: true,
  },
]
