import { readFile } from 'node:fs/promises'

/** A network, mounts and processes apart from those of this machine. All of them end with the scope. */
export interface Namespaces extends AsyncDisposable {
  /** Words before a command that runs inside, in the directory `/`. */
  readonly enter: readonly string[]
}

export async function openNamespaces(): Promise<Namespaces> {
  const own = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  // The shell that waits also reaps the processes that lose their parents.
  const script = 'ip link set lo up; echo; sleep infinity & wait'
  const holder = Bun.spawn(['unshare', ...own, 'sh', '-c', script], {
    stdin: 'ignore',
    stdout: 'pipe',
  })
  // The line says that the namespaces are complete.
  await holder.stdout.getReader().read()
  const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8')
  return {
    enter: ['nsenter', '--target', children.trim(), '--net', '--mount', '--pid'],
    async [Symbol.asyncDispose]() {
      // A signal that can be caught would not end the child, and with it all other processes.
      holder.kill('SIGKILL')
      await holder.exited
    },
  }
}
