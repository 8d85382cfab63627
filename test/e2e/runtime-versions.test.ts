import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

/** The directory that `scripts/setup peers` fills. */
const cache = resolve(import.meta.dir, '../.cache/runtimes')
const reason = missing('busybox', 'tar', 'unshare', 'mount')
if (reason) console.info(`skipped: runtime versions: ${reason}`)

/**
 * A mount namespace with control groups v2 only, which crun needs, and with the programs and
 * libraries of another release before those of the machine.
 */
const enter =
  'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && ' +
  'mount -t overlay overlay -o lowerdir=$0/usr:/usr /usr && exec "$@"'

const programs: Readonly<Record<string, string>> = {
  '/script': '#!/no/such\n',
  '/no-format': 'hello\n',
  '/bad-elf': '\x7fELF\x02\x01\x01',
}

for (const suite of ['bookworm', 'trixie', 'sid']) {
  const root = `${cache}/${suite}`
  const absent = reason ?? (existsSync(root) ? undefined : `there is no ${root}`)
  for (const runtime of ['crun', 'runc']) {
    describe.skipIf(absent !== undefined)(`${runtime} of ${suite} ${absent ?? ''}`, () => {
      let strake: Strake

      beforeAll(async () => {
        strake = await openStrake()
        await importBusybox(strake, 'base')
        const context = `${strake.directory}/context`
        await mkdir(context)
        for (const [path, text] of Object.entries(programs)) {
          await writeFile(`${context}${path}`, text)
          await chmod(`${context}${path}`, 0o755)
        }
        await writeFile(`${context}/closed`, '#!/bin/sh\n', { mode: 0o644 })
        await writeFile(`${context}/Dockerfile`, 'FROM base\nCOPY . /\n')
        await strake.ok('build', '-q', '-t', 'box', context)
      })

      afterAll(async () => strake[Symbol.asyncDispose]())

      const run = (...args: readonly string[]): Promise<Outcome> => {
        const inside = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', enter, root]
        // Control groups v2 may have no controller for processes where v1 is in use too.
        const words = args[0] === 'run' ? ['run', '--pids-limit', '-1', ...args.slice(1)] : args
        return command([...inside, program, ...words], {
          env: { ...strake.env, STRAKE_RUNTIME: runtime },
        })
      }

      test('a container runs, and its exit code is returned', async () => {
        const outcome = await run(
          'run',
          '--rm',
          '--network',
          'none',
          'box',
          'sh',
          '-c',
          'pwd; exit 3',
        )
        // Version 1.8 of crun needs a right that a virtual machine may not have.
        const cannot = /RLIM_MEMLOCK/.test(outcome.stderr)
        if (!cannot) expect(outcome).toEqual({ exitCode: 3, stdout: '/\n', stderr: '' })
      })

      test('a command that cannot start ends with 127 or 126 and one sentence', async () => {
        const executable = 'it is not a program this machine can execute'
        const absent = 'no such file or directory in the image'
        for (const [name, exitCode, why] of [
          ['nosuch', 127, 'executable file not found in $PATH'],
          ['/no/such', 127, absent],
          ['/script', 127, `its interpreter /no/such: ${absent}`],
          ['/closed', 126, 'permission denied'],
          ['/bin', 126, 'it is a directory: permission denied'],
          ['/no-format', 126, executable],
          ['/bad-elf', 126, executable],
        ] as const) {
          expect(await run('run', '--rm', '--network', 'none', 'box', name)).toEqual({
            exitCode,
            stdout: '',
            stderr: `strake: Cannot start the container: ${name}: ${why}\n`,
          })
        }
      })

      test('an error of the runtime is printed unchanged', async () => {
        // It opens files after it has set the limits of the container.
        const refused = ['--ulimit', 'nofile=3:3', '--network', 'none']
        const { exitCode, stderr } = await run('run', '--rm', ...refused, 'box', 'true')
        expect(exitCode).toBe(125)
        expect(stderr).toMatch(/^strake: Cannot start the container: .*too many open files\n$/i)
      })

      test('a setting that the kernel refuses is named in the same words', async () => {
        const refused = ['--sysctl', 'net.ipv4.ip_forward=x', '--network', 'none']
        const { exitCode, stderr } = await run('run', '--rm', ...refused, 'box', 'true')
        expect(exitCode).toBe(125)
        const reason = 'sysctl net.ipv4.ip_forward: the kernel refuses the value: invalid argument'
        const cannot = /RLIM_MEMLOCK/.test(stderr)
        if (!cannot) expect(stderr).toBe(`strake: Cannot start the container: ${reason}\n`)
      })
    })
  }
}
