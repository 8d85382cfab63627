import { openNetworks } from '#network'
import { openRecords } from '#records'
import { detectRuntime } from '#runtime'
import { openSnapshots } from '#snapshot'
import { launchMonitor } from '../session/launch.ts'
import { attachContainer } from '../verbs/attach.ts'
import { suspendContainer } from '../verbs/control.ts'
import { execInContainer } from '../verbs/exec.ts'
import { runForeground } from '../verbs/foreground.ts'

/** A program that joins one container of a store, for tests that need its streams or kill it. */
const [verb, root = '', run = '', id = '', ...command] = process.argv.slice(2)
const { runtime } = await detectRuntime({ root: `${run}/runtime`, cache: `${run}/runtimes.json` })
const context = {
  root,
  run,
  runtime,
  records: openRecords(`${root}/strake.db`),
  snapshots: await openSnapshots(root, run),
  networks: openNetworks({ run }),
  monitorCommand: monitorCommand(),
}
if (verb === 'suspend') {
  await suspendContainer(context, id)
  process.stdout.write('suspended\n')
  for await (const _ of Bun.stdin.stream());
}
const onSignals = (): void => {}
// As `run --rm` does: the program is the monitor itself.
const launched = verb === 'watch' ? launchMonitor(context, { here: true }) : undefined
const end =
  verb === 'exec'
    ? await execInContainer(context, id, { command, interactive: true, onSignals })
    : verb === 'attach'
      ? await attachContainer(context, id, { onSignals })
      : await runForeground(context, id, { onSignals, launched })
process.exit('code' in end ? Number(end.code) : 99)

function monitorCommand(): [string, string] {
  return [process.execPath, `${import.meta.dirname}/monitor-program.ts`]
}
