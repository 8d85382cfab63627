import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { build } from '../build-image.ts'
import type { DeviceFinder } from '../model/devices.ts'
import {
  addBusybox,
  busyboxMissing,
  openWorkshop,
  refusalOf,
  type Workshop,
} from '../testing/fixture.ts'

describe.skipIf(busyboxMissing !== undefined)(`RUN --device (${busyboxMissing ?? 'above'})`, () => {
  let workshop: Workshop
  beforeAll(async () => {
    workshop = await openWorkshop()
    await addBusybox(workshop)
    await workshop.context('driver', { lib: 'of the host' })
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  const run = async (line: string, devices?: DeviceFinder): Promise<string> => {
    const services = { ...workshop.services, devices }
    let output = ''
    const { lease } = await build({
      services,
      dockerfile: { text: `FROM busybox\n${line}\n` },
      allow: ['device'],
      noCache: true,
      emit: (event) => {
        if (event.type === 'log') output += Buffer.from(event.data).toString()
      },
    })
    await lease.release()
    return output
  }
  const finder: DeviceFinder = async (name) =>
    name === 'v.com/c=n'
      ? {
          nodes: [{ source: '/dev/zero', destination: '/dev/own', access: 'r' }],
          env: ['OWN=1'],
          mounts: [
            { source: `${workshop.path}/driver`, destination: '/driver', readOnly: true },
            { source: `${workshop.path}/driver/lib`, destination: '/file', readOnly: true },
          ],
        }
      : undefined

  test('RUN has the nodes, variables and mounts of its device, and the layer has none of them', async () => {
    const look =
      'echo $OWN; head -c 2 /dev/own | wc -c; cat /driver/lib /file; touch /driver/x 2>&1 || echo no'
    const output = await run(`RUN --device=v.com/c=n ${look}`, finder)
    expect(output.split('\n').slice(0, 3)).toEqual([
      '1',
      '2',
      'of the hostof the hosttouch: /driver/x: Read-only file system',
    ])
    expect(await run('RUN --device=v.com/c=n true\nRUN ls / /dev', finder)).not.toContain('own')
  })

  test('RUN fails without a required device only', async () => {
    await expect(run('RUN --device=v.com/c=m true', finder)).resolves.toBe('')
    const refused = await refusalOf(run('RUN --device=v.com/c=m,required true', finder))
    expect(refused.message).toContain('Cannot use device v.com/c=m: this machine has none')
    expect((await refusalOf(run('RUN --device=v.com/c,required true'))).message).toContain('none')
  })
})
