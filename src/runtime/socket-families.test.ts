import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { runCommand } from '#platform'
import { writeBundle } from './bundle/bundle-file.ts'
import { createBundleConfig } from './bundle/config.ts'
import type { RuntimeConfig } from './bundle/spec.ts'
import { keepCompiledFilter, useCompiledFilter } from './filter-cache.ts'
import type { Runtime } from './runtime.ts'

const cannotRun = process.getuid?.() !== 0 ? 'not root' : Bun.which('gcc') ? undefined : 'no gcc'

/** Prints the errno of socket(2), 0 when it succeeds, for each family of its arguments. */
const probe = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **families) {
  for (int i = 1; i < count; i++) {
    long family = strtol(families[i], 0, 0);
    printf("%d ", syscall(SYS_socket, family, SOCK_STREAM, 0) < 0 ? errno : 0);
  }
  return 0;
}
`
const refused = '1'
/** AF_ALG and AF_VSOCK, plain and with bits that the kernel does not read. */
const forbidden = ['38', '40', '0x100000026', '0x100000028', '0x8000000000000028', '64']
const allowed = ['1', '2', '10', '0x100000002']

describe.skipIf(cannotRun !== undefined)(
  `the seccomp filter${cannotRun ? ` (${cannotRun})` : ''}`,
  () => {
    let base = ''
    let config: RuntimeConfig

    beforeAll(async () => {
      base = mkdtempSync(`${tmpdir()}/strake-families-`)
      for (const name of ['proc', 'sys', 'dev'])
        mkdirSync(`${base}/rootfs/${name}`, { recursive: true })
      writeFileSync(`${base}/probe.c`, probe)
      const compiler = ['gcc', '-static', '-o', `${base}/rootfs/probe`, `${base}/probe.c`] as const
      expect(await runCommand(compiler)).toMatchObject({ code: 0 })
      config = createBundleConfig({
        id: 'probe',
        root: `${base}/rootfs`,
        cwd: '/',
        network: 'none',
        env: [],
        args: ['/probe', ...allowed, ...forbidden],
        user: { uid: 0, gid: 0, additionalGids: [], home: '/' },
      })
    })
    afterAll(() => rmSync(base, { recursive: true, force: true }))

    /**
     * The command line of `runtime`. crun refuses a machine with cgroup v1 and v2; this hides v2
     * from it.
     */
    const command = (runtime: Runtime['name'], ...args: readonly string[]): readonly string[] => {
      const words = [runtime, '--root', `${base}/${runtime}`, ...args]
      if (runtime === 'runc') return words
      const script = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
      return [
        'unshare',
        '-m',
        'sh',
        '-c',
        script,
        'sh',
        words[0] ?? '',
        '--cgroup-manager=disabled',
        ...words.slice(1),
      ]
    }

    /** The results of socket(2) in a container of `runtime`, by family. */
    async function answers(runtime: Runtime['name'], changed = config): Promise<readonly string[]> {
      writeBundle(base, changed)
      const id = `strake-families-${process.pid}`
      const { stdout, stderr } = await runCommand(command(runtime, 'run', '-b', base, id))
      expect(stderr).toBe('')
      return stdout.trim().split(' ')
    }
    const expected = [...allowed.map(() => '0'), ...forbidden.map(() => refused)]

    test.skipIf(Bun.which('runc') === null)('refuses AF_ALG and AF_VSOCK under runc', async () => {
      expect(await answers('runc')).toEqual(expected)
    })

    const noCrun = Bun.which('crun') === null
    test.skipIf(noCrun)('refuses AF_ALG and AF_VSOCK under crun', async () => {
      expect(await answers('crun')).toEqual(expected)
    })

    test.skipIf(noCrun)('refuses them under crun when it is taken from the cache', async () => {
      const runtime = { name: 'crun', version: 'test', root: `${base}/crun` } as const
      const options = { runtime, directory: `${base}/filters` }
      writeBundle(base, config)
      const create = command('crun', 'create', '-b', base, 'kept')
      // The process of the container would keep our pipe open until the container ends.
      await runCommand(['sh', '-c', 'exec "$@" </dev/null >/dev/null 2>&1', 'sh', ...create])
      keepCompiledFilter('kept', config, options)
      await runCommand(command('crun', 'delete', '--force', 'kept'))
      const cached = useCompiledFilter(config, options)
      expect(cached.linux.seccomp).toBeUndefined()
      expect(await answers('crun', cached)).toEqual(expected)
    })
  },
)
