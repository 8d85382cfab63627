import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, rmSync, statSync } from 'node:fs'
import { volumeData } from '#volume'
import { runIn } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`preparing${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(() => bed[Symbol.asyncDispose]())

  for (const umask of [0o077, 0o000]) {
    test(`a container does not depend on the umask ${umask.toString(8)} of its caller`, async () => {
      rmSync(`${bed.context.run}/base-layer`, { recursive: true, force: true })
      const source = `${bed.context.root}/host-${umask}`
      const volume = `volume-${umask}`
      const places = '/etc /etc/hosts /etc/hostname /etc/resolv.conf /work /work/deep /v'
      const script = `cat /etc/hosts >/dev/null; umask; busybox stat -c %a ${places}; pwd`
      const own = process.umask(umask)
      try {
        const { out, err } = await runIn(bed, {
          command: ['sh', '-c', script],
          user: '1000',
          workingDir: '/work/deep',
          mounts: [
            { type: 'bind', source: `${source}/made`, destination: '/b', createSource: true },
            { type: 'volume', source: volume, destination: '/v' },
          ],
        })
        const modes = '755\n644\n644\n644\n755\n755\n755\n'
        expect({ out, err }).toEqual({ out: `0022\n${modes}/work/deep\n`, err: '' })
      } finally {
        process.umask(own)
      }
      for (const made of [source, `${source}/made`, volumeData(bed.context, volume)]) {
        expect(statSync(made).mode & 0o7777).toBe(0o755)
      }
      expect(statSync(`${bed.context.root}/volumes/${volume}`).mode & 0o7777).toBe(0o700)
    })
  }

  test('a container keeps the owner and mode of /etc of its image', async () => {
    const image = await bed.imageAbove((root) => {
      chmodSync(`${root}/etc`, 0o751)
      chownSync(`${root}/etc`, 5, 6)
    })
    const command = ['sh', '-c', 'busybox stat -c "%a %u %g" /etc; cat /etc/hostname']
    const { out } = await runIn(bed, { image, command, hostname: 'h' })
    expect(out).toBe('751 5 6\nh\n')
  })
})
