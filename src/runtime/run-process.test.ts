import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { writeBundle } from './bundle/bundle-file.ts'
import { type BundleOptions, createBundleConfig } from './bundle/config.ts'
import { detectRuntime } from './detect.ts'
import { removeMountPoints } from './root/mount-points.ts'
import { prepareRoot } from './root/prepare-root.ts'
import { resolveUser } from './root/user.ts'
import { runProcess } from './run-process.ts'
import type { ExitStatus, Runtime } from './runtime.ts'

const busybox = '/bin/busybox'
const cannotRun =
  process.getuid?.() !== 0 ? 'not root' : existsSync(busybox) ? undefined : 'no static busybox'

describe.skipIf(cannotRun !== undefined)(
  `runProcess()${cannotRun ? ` (${cannotRun})` : ''}`,
  () => {
    let base = ''
    let root = ''
    let runtime: Runtime

    beforeAll(async () => {
      base = mkdtempSync(`${tmpdir()}/strake-runtime-`)
      root = `${base}/rootfs`
      mkdirSync(`${root}/bin`, { recursive: true })
      copyFileSync(busybox, `${root}/bin/busybox`)
      for (const name of ['sh', 'sleep']) symlinkSync('busybox', `${root}/bin/${name}`)
      ;({ runtime } = await detectRuntime({ root: `${base}/state` }))
    })

    afterAll(() => {
      expect(readdirSync(`${base}/state`)).toEqual([])
      rmSync(base, { recursive: true, force: true })
    })

    let count = 0

    async function run(
      script: string,
      options: Partial<BundleOptions> & { signal?: AbortSignal | undefined } = {},
    ): Promise<ExitStatus & { text: string }> {
      count += 1
      const id = `strake-test-${process.pid}-${count}`
      using prepared = prepareRoot(root, { nested: `${base}/nested` })
      const config = createBundleConfig({
        id,
        root,
        cwd: '/',
        network: 'none',
        env: ['PATH=/bin'],
        args: ['sh', '-c', script],
        user: resolveUser(prepared.view, ''),
        ...options,
      })
      writeBundle(base, config)
      let text = ''
      const take = (chunk: Uint8Array): void => {
        text += new TextDecoder().decode(chunk)
      }
      try {
        const { signal } = options
        const io = { stdout: take, stderr: take, signal }
        return { ...(await runProcess(runtime, { id, bundle: base, ...io })), text }
      } finally {
        removeMountPoints(root, prepared.mountPoints)
        expect(readdirSync(root)).toEqual(['bin'])
        expect(existsSync(`/sys/fs/cgroup/pids/strake/${id}`)).toBe(false)
      }
    }

    test('returns output and exit code', async () => {
      expect(await run('echo out; echo err >&2; exit 3')).toMatchObject({ code: 3 })
      expect((await run('echo out')).text).toBe('out\n')
    })

    test('starts with a clean environment and the rights of the configuration', async () => {
      expect((await run('set | grep -c STRAKE; busybox env | busybox sort')).text).not.toContain(
        'USER=',
      )
      const { text } = await run('busybox grep NoNewPrivs /proc/self/status', {
        security: { noNewPrivileges: true },
      })
      expect(text).toBe('NoNewPrivs:\t1\n')
    })

    test('refuses AF_ALG and AF_VSOCK sockets and new namespaces', async () => {
      const { text } = await run('busybox unshare -m true 2>&1; busybox mount -t proc p /proc 2>&1')
      expect(text.match(/not permitted|denied/gi)).toHaveLength(2)
    })

    test('throws the reason of a failed start, and keeps the message of the runtime out of the output', async () => {
      await expect(run('', { args: ['/nope'] })).rejects.toMatchObject({ exitCode: 127 })
    })

    test('kills the container when aborted and rejects with the reason', async () => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('enough')), 300)
      const begun = Date.now()
      await expect(run('sleep 60', { signal: controller.signal })).rejects.toThrow('enough')
      expect(Date.now() - begun).toBeLessThan(10_000)
    })
  },
)
