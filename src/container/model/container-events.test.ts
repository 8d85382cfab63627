import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { pauseContainer, stopContainer, unpauseContainer } from '../verbs/control.ts'
import { removeContainer } from '../verbs/remove.ts'
import { runContainer, runDetached } from '../verbs/run.ts'
import { waitContainer } from '../verbs/wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`events${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('events of a container are recorded in order', async () => {
    const { context } = bed
    const { id } = await runDetached(context, {
      image: bed.imageWith({ Volumes: { '/kept': {} } }),
      name: 'web',
      labels: { tier: 'front' },
      network: 'bridge',
      command: ['sh', '-c', 'trap "exit 7" TERM; touch /ok; while :; do sleep 0.02; done'],
      health: { Test: ['CMD-SHELL', 'ls /ok'], Interval: 20_000_000 },
    })
    await until(() => actionsOf(id).includes('health_status: healthy'))
    await pauseContainer(context, id)
    await unpauseContainer(context, id)
    await stopContainer(context, id)
    await removeContainer(context, id, { volumes: true })
    expect(actionsOf(id)).toEqual([
      'create',
      'start',
      'health_status: healthy',
      'pause',
      'unpause',
      'kill',
      'die',
      'stop',
      'destroy',
    ])
    const about = { name: 'web', image: 'busybox', tier: 'front' }
    const { events } = context.records
    for (const { attributes } of events.list({ types: ['container'], actors: [id] })) {
      expect(attributes).toMatchObject(about)
    }
    expect(events.list({ actions: ['kill'] })[0]?.attributes).toMatchObject({ signal: '15' })
    expect(events.list({ actions: ['die'] })[0]?.attributes).toMatchObject({ exitCode: '7' })
    const others = events.list({ types: ['network', 'volume'] })
    expect(others.map(({ type, action }) => `${type} ${action}`)).toEqual([
      'volume create',
      'network connect',
      'volume mount',
      'network disconnect',
      'volume unmount',
      'volume destroy',
    ])
    const networks = events.list({ types: ['network'], attributes: { container: id } })
    expect(networks.map(({ actor }) => actor)).toEqual(['bridge', 'bridge'])
  })

  test('the start of a container is recorded before its end, even if it ends at once', async () => {
    const ended = await runDetached(bed.context, { ...base(), command: ['false'] })
    await waitContainer(bed.context, ended.id)
    await until(() => actionsOf(ended.id).includes('die'))
    expect(actionsOf(ended.id)).toEqual(['create', 'start', 'die'])

    let id = ''
    const onCreated = (created: { readonly id: string }): void => {
      id = created.id
    }
    await runContainer(bed.context, { ...base(), command: ['true'], remove: true }, { onCreated })
    expect(actionsOf(id)).toEqual(['create', 'attach', 'start', 'die', 'destroy'])
  })

  test('a monitor records every restart', async () => {
    const { id } = await runDetached(bed.context, {
      ...base(),
      command: ['false'],
      restart: { name: 'on-failure', maximumRetryCount: 1 },
    })
    await waitContainer(bed.context, id)
    expect(actionsOf(id)).toEqual(['create', 'start', 'die', 'start', 'die'])
  })
})

const base = () => ({ image: bed.image, network: 'none' as const })

function actionsOf(id: string): readonly string[] {
  const found = bed.context.records.events.list({ types: ['container'], actors: [id] })
  return found.map(({ action }) => action)
}
