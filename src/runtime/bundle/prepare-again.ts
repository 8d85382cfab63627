import { openFile, openFlag } from '#platform'
import { checkCommand } from '../root/check-command.ts'
import { ContainerView } from '../root/container-view.ts'
import { checkUserTables } from '../root/user-table.ts'
import { resolveWorkingDirectory } from '../root/working-directory.ts'
import { readBundle, writeBundle } from './bundle-file.ts'
import type { RuntimeConfig } from './spec.ts'

/**
 * Checks a root again before a restart: its processes may have replaced the working directory with
 * a link, or `/etc/passwd` with a pipe. Throws `INVALID`, and `StartError` when the command is
 * missing.
 */
export async function prepareAgain(bundle: string): Promise<void> {
  const config = readBundle(bundle)
  using view = viewOf(config)
  checkUserTables(view)
  const cwd = resolveWorkingDirectory(view, config.process.cwd, 'make')
  checkCommand(view, { ...config.process, cwd })
  if (cwd === config.process.cwd) return
  writeBundle(bundle, { ...config, process: { ...config.process, cwd } })
}

function viewOf({ root, mounts }: RuntimeConfig): ContainerView {
  const view = ContainerView.ofRoot(root.path)
  for (const { type, source, destination } of mounts) {
    if (type === 'bind') {
      const fd = view.keep(openFile(source, openFlag.path))
      view.cover(destination, { type: 'tree', fd })
    } else if (type === 'tmpfs' && destination !== '/dev') {
      view.cover(destination, { type: 'memory' })
    }
  }
  return view
}
