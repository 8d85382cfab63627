import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'xz')
if (reason) console.info(`skipped: hostile image: ${reason}`)

describe.skipIf(reason !== undefined)('a hostile image', () => {
  let strake: Strake
  let victim: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    victim = join(strake.directory, 'victim')
    await mkdir(victim)
    await writeFile(join(victim, 'kept'), 'kept')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const build = async (name: string, lines: readonly string[]): Promise<void> => {
    const Dockerfile = ['FROM busybox', ...lines, ''].join('\n')
    const context = await writeContext(join(strake.directory, `context-${name}`), { Dockerfile })
    await strake.ok('build', '-q', '-t', name, context)
  }

  test('reads no files of the host through a VOLUME behind a link', async () => {
    const climb = '../'.repeat(12)
    await build('climber', [
      `RUN ln -s ${victim} /link && ln -s / /root-link && mkdir -p /data`,
      `VOLUME ["/${climb}${victim}", "/link/inside", "/root-link/data", "/data"]`,
    ])
    const script = `echo written > /data/x; echo written > /link/inside/x; ls ${victim} 2>&1; echo end`
    const outcome = await strake('run', '--rm', '--network', 'none', 'climber', 'sh', '-c', script)
    expect(outcome.stdout).not.toContain('kept')
    expect(await readdir(victim)).toEqual(['kept'])
  })

  test('gets no privileges by labels and annotations', async () => {
    const labels = [
      'io.containerd.log="binary:///bin/touch"',
      'io.podman.annotations.privileged="TRUE"',
      'run.oci.seccomp_bpf_data="AAAA"',
      'run.oci.hooks.stderr="/tmp/x"',
      'com.docker.network.bridge.name="evil"',
      'io.kubernetes.cri.container-type="sandbox"',
      'org.systemd.property.Delegate="true"',
    ]
    await build(
      'labelled',
      labels.map((label) => `LABEL ${label}`),
    )
    const script = 'grep -E "^(CapEff|Seccomp|NoNewPrivs):" /proc/self/status'
    const run = (image: string): Promise<string> =>
      strake.ok('run', '--rm', '--network', 'none', image, 'sh', '-c', script)
    expect(await run('labelled')).toBe(await run('busybox'))
  })

  test('runs none of its programs to unpack an archive', async () => {
    const context = join(strake.directory, 'context-decoder')
    await writeContext(context, {
      Dockerfile: [
        'FROM busybox',
        'RUN mkdir -p /usr/bin && printf "#!/bin/sh\\ntouch /marker\\n" > /usr/bin/xz && chmod 755 /usr/bin/xz',
        'RUN cp /usr/bin/xz /bin/xz',
        'ADD archive.tar.xz /unpacked/',
      ].join('\n'),
      inside: 'inside\n',
    })
    const packed = await command([
      'tar',
      '-C',
      context,
      '-cJf',
      `${context}/archive.tar.xz`,
      'inside',
    ])
    expect(packed.exitCode).toBe(0)
    await strake.ok('build', '-q', '-t', 'decoder', context)
    const script = 'cat /unpacked/inside; ls /marker 2>/dev/null || echo no marker'
    const shown = await strake.ok('run', '--rm', '--network', 'none', 'decoder', 'sh', '-c', script)
    expect(shown).toBe('inside\nno marker')
    expect(await Bun.file('/marker').exists()).toBe(false)
  })
})
